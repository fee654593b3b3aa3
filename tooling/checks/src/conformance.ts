import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { combineResults, splitArguments } from './conformance/reports.ts';
import { startSetups } from './conformance/setups.ts';
import { ignoreClosedPipes, REPOSITORY_ROOT } from './program.ts';

const INTERRUPTED = 130;
const NO_VERDICT = 3;

/** Runs the built `cpg-conformance`; returns its exit code and standard output. Its progress goes to standard error, in lines. */
const runSuite = async (
  parameters: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> => {
  const child = spawn(process.execPath, ['apps/conformance/dist/main.js', ...parameters], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Runs at the same time would write over each other's line on a terminal.
  child.stderr.pipe(process.stderr, { end: false });
  process.once('exit', () => child.kill());
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [output, [code]] = await Promise.all([text(child.stdout), ended]);
  return { code: code ?? NO_VERDICT, output };
};

const { run, report } = splitArguments(process.argv.slice(2));

/** Runs the suite in every set-up, at the same time; returns the files with the results, and the worst exit code of the runs without one. */
const runAll = async (folder: string) => {
  const files: string[] = [];
  let code = 0;
  const starting = startSetups();
  const stop = async () => {
    for (const setup of await starting.catch(() => [])) await setup.stop();
  };
  // A signal to this process alone, unlike Ctrl-C, does not reach the gateways.
  const interrupt = () => void stop().finally(() => process.exit(INTERRUPTED));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const setups = await starting;
    const runs = setups.map(async ({ parameters }, index) => {
      const file = join(folder, `run-${index}.jsonl`);
      return { file, ended: await runSuite([...parameters, ...run, '--jsonl', file]) };
    });
    for (const { file, ended } of await Promise.all(runs)) {
      if (existsSync(file)) {
        files.push(file);
        continue;
      }
      // Wrong usage, or requested text: help, a plan.
      process.stdout.write(ended.output);
      code = Math.max(code, ended.code);
    }
  } finally {
    await stop();
  }
  return { files, code };
};

/** `npm run conformance`: runs the suite against the reference client and gateway in every set-up, and writes one report. */
const main = async (folder: string): Promise<number> => {
  const { files, code } = await runAll(folder);
  if (files.length === 0 || code > 0) return code;
  const combined = combineResults(files.map((file) => readFileSync(file, 'utf8'))).map((results, index) => {
    const file = join(folder, `combined-${index}.jsonl`);
    writeFileSync(file, results);
    return file;
  });
  const ended = await runSuite(['report', ...combined, ...report]);
  process.stdout.write(ended.output);
  return ended.code;
};

ignoreClosedPipes();
const folder = mkdtempSync(join(tmpdir(), 'cpg-conformance-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
process.exitCode = await main(folder);
