import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { combinable } from './conformance/combinable.ts';
import { cpgConformance } from './conformance/cpg-conformance.ts';
import { partArguments } from './conformance/part-arguments.ts';
import { startSetups } from './conformance/start-setups.ts';

const INTERRUPTED = 130;
const { run, report } = partArguments(process.argv.slice(2));

/** Runs the suite in every set-up; answers the files with the results, and the worst exit code if a run has left none. */
const runAll = async (folder: string) => {
  const files: string[] = [];
  let code = 0;
  const starting = startSetups();
  const stop = async () => {
    for (const setup of await starting.catch(() => [])) await setup.stop();
  };
  // Whoever ends this alone, and not by Ctrl-C, must not leave gateways behind.
  const interrupt = () => void stop().finally(() => process.exit(INTERRUPTED));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    for (const [index, { parameters }] of (await starting).entries()) {
      const file = join(folder, `run-${index}.jsonl`);
      const ended = await cpgConformance([...parameters, ...run, '--jsonl', file]);
      if (existsSync(file)) {
        files.push(file);
        continue;
      }
      // Wrong usage, or words that were asked for: help, a plan.
      process.stdout.write(ended.output);
      code = Math.max(code, ended.code);
    }
  } finally {
    await stop();
  }
  return { files, code };
};

/** `npm run conformance`: the suite against the reference client and gateway, in every set-up, and one report on all of it. */
const main = async (folder: string): Promise<number> => {
  const { files, code } = await runAll(folder);
  if (files.length === 0 || code > 0) return code;
  const combined = combinable(files.map((file) => readFileSync(file, 'utf8'))).map((results, index) => {
    const file = join(folder, `combined-${index}.jsonl`);
    writeFileSync(file, results);
    return file;
  });
  const ended = await cpgConformance(['report', ...combined, ...report]);
  process.stdout.write(ended.output);
  return ended.code;
};

const folder = mkdtempSync(join(tmpdir(), 'cpg-conformance-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
process.exitCode = await main(folder);
