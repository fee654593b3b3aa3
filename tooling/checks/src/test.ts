import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ignoreClosedPipes, REPOSITORY_ROOT } from './program.ts';

const isCi = process.env.CI === 'true';
const COVERED = ['protocol', 'server-middleware'];

/** Runs vitest; returns its exit code and, in CI, its counts. */
const runVitest = async (parameters: readonly string[]) => {
  const vitest = join(REPOSITORY_ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...parameters], {
    cwd: REPOSITORY_ROOT,
    // A terminal shows colors and progress.
    stdio: ['inherit', isCi ? 'pipe' : 'inherit', 'inherit'],
  });
  process.once('exit', () => child.kill());
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output = (output + text).slice(-10_000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  // A run that ends without its counts has failed.
  return { code: code ?? 1, passed: Number(passed ?? 0), failed: Number(failed ?? 1) };
};

/** Without this check, a pattern in vitest.config.ts that matches no file would pass every threshold. */
const isCoverageMeasured = async (): Promise<boolean> => {
  const file = join(REPOSITORY_ROOT, 'coverage/coverage-summary.json');
  const measured = Object.keys(JSON.parse(await readFile(file, 'utf8')) as object);
  const missing = COVERED.filter((name) => !measured.some((path) => path.includes(`packages/${name}/src`)));
  for (const name of missing)
    process.stdout.write(
      `Expected coverage of packages/${name}/src: got no file. Fix: coverage.include in vitest.config.ts.\n`,
    );
  return missing.length === 0;
};

/**
 * `npm test`: every test. With CI=true also the coverage of the packages that have to be covered; the others run without it,
 * because tests take a third longer while it is measured. Both runs share the cores, so that neither waits for the last test of the other.
 */
const main = async (parameters: readonly string[]): Promise<number> => {
  if (!isCi) {
    const { code } = await runVitest(parameters);
    process.stdout.write('SKIPPED: coverage (measured with CI=true)\n');
    return code;
  }
  const covered = COVERED.flatMap((name) => ['--project', name]);
  const others = COVERED.flatMap((name) => ['--project', `!${name}`]);
  // Tests that wait for programs leave the cores to those of the other run, which takes longer.
  const cores = availableParallelism();
  const runs = await Promise.all([
    runVitest(['--coverage', ...covered, `--maxWorkers=${cores}`, ...parameters]),
    runVitest([...others, `--maxWorkers=${cores + 1}`, ...parameters]),
  ]);
  const isMeasured = await isCoverageMeasured();
  const add = (count: 'passed' | 'failed') => runs.reduce((sum, run) => sum + run[count], 0);
  process.stdout.write(`\n${add('passed')} passed, ${add('failed')} failed\n`);
  return Math.max(...runs.map(({ code }) => code), isMeasured ? 0 : 1);
};

ignoreClosedPipes();
process.exitCode = await main(process.argv.slice(2));
