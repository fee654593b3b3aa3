import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output of a test run with the plain line `N passed, N failed`, which CI adds up. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string) => states.filter((found) => found === state).length;
    // A file that does not load, and an error outside any test, fail without a test to count.
    const broken = modules.filter(
      (module) => module.state() === 'failed' && module.errors().length > 0,
    ).length;
    const failed = count('failed') + broken + errors.length;
    process.stdout.write(`\n${count('passed')} passed, ${failed} failed\n`);
  }
}
