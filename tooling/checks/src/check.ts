import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkClient } from './check-client.ts';
import { checkConformance } from './check-conformance.ts';
import { checkConsumers } from './check-consumers.ts';
import { checkManifests } from './check-manifests.ts';
import { checkRuntimes } from './check-runtimes.ts';
import { checkWorkflows } from './check-workflows.ts';
import { packPackages } from './pack-packages.ts';
import { runCommand } from './run-command.ts';

interface Check {
  readonly name: string;
  run(): Promise<unknown>;
}

const command = (name: string, program: string, ...parameters: readonly string[]): Check => ({
  name,
  run: () => runCommand(program, parameters),
});

/** Runs one check and prints how it went; returns whether it passed. */
const perform = async ({ name, run }: Check): Promise<boolean> => {
  const start = performance.now();
  let failure: unknown;
  let skipped: readonly string[] = [];
  try {
    skipped = String(await run()).match(/^SKIPPED.*$/gm) ?? [];
  } catch (error) {
    failure = error;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const lines = [`${failure === undefined ? 'ok    ' : 'FAILED'}  ${name}  ${seconds} s`];
  lines.push(...skipped.map((line) => `        ${line}`));
  if (failure !== undefined) lines.push(failure instanceof Error ? failure.message : String(failure));
  process.stdout.write(`${lines.join('\n')}\n`);
  return failure === undefined;
};

/** Runs checks one after the other, also after one has failed; returns the number of failures. */
const performInTurn = async (checks: readonly Check[]): Promise<number> => {
  let failed = 0;
  for (const check of checks) if (!(await perform(check))) failed += 1;
  return failed;
};

/** `npm run check`: everything about the code that is not a test. Runs all of it, and says what failed. */
const main = async (): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'cpg-check-'));
  const { libraries, programs } = await packPackages(folder);
  const checks: readonly Check[] = [
    command('format and lint', 'biome', 'ci', '--error-on-warnings', '.'),
    command('types', 'turbo', 'run', 'types', '--output-logs=errors-only'),
    command('import boundaries', 'turbo', 'boundaries'),
    command('changesets', 'changeset', 'status'),
    checkManifests(),
    ...checkWorkflows(),
    command('public API', 'node', 'tooling/checks/src/api-reports.ts', '--check'),
    command('unused files, exports and dependencies', 'knip', '--treat-config-hints-as-errors'),
    command('what real clients send', 'node', 'tooling/checks/src/real-clients.ts', '--check'),
    command('package sizes', 'turbo', 'run', 'size', '--output-logs=errors-only'),
    ...[...libraries, ...programs].map(({ name, file }) =>
      command(`publint ${name}`, 'publint', '--strict', file),
    ),
    // Node 20.19 and newer read `exports`; what only knows `main` (profile node10) is not supported.
    ...libraries.map(({ name, file }) =>
      command(`are the types wrong ${name}`, 'attw', '--profile', 'node16', file),
    ),
    ...checkConsumers(folder, libraries),
  ];
  // A lane of its own, since they fetch the same runtimes with npx, whose cache takes one writer at a time.
  const runtimeChecks: readonly Check[] = [
    ...checkClient(folder, libraries),
    ...checkRuntimes(folder, libraries),
    ...checkConformance(folder, [...libraries, ...programs]),
  ];
  const lanes = await Promise.all([performInTurn(checks), performInTurn(runtimeChecks)]);
  const failed = lanes.reduce((sum, each) => sum + each, 0);
  await rm(folder, { recursive: true });
  process.stdout.write(`${checks.length + runtimeChecks.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
};

process.exitCode = await main();
