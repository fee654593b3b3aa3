/**
 * Mutants of the suite itself: one replacement at a time, in a copy of its source, must fail the suite's own
 * test. `node src/suite-mutants/main.ts [part of a mutant's id]`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ignoreClosedPipe } from '@cpg/conformance/src/commands/main.ts';
import { SUITE_FOLDER } from '../suite.ts';
import { SUITE_MUTANTS, type SuiteMutant } from './suite-mutants.ts';

const COPY = mkdtempSync(join(tmpdir(), 'cpg-suite-mutants-'));

const CONFIG = `export default {
  resolve: { conditions: ['@cpg/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@cpg/source', 'node', 'import', 'default'] } },
  test: { include: ['**/*.test.ts'], isolate: false },
};
`;

const prepare = (): void => {
  for (const name of ['src', 'package.json', 'demo-keys.json'])
    cpSync(join(SUITE_FOLDER, name), join(COPY, name), { recursive: true });
  symlinkSync(join(SUITE_FOLDER, 'node_modules'), join(COPY, 'node_modules'));
  writeFileSync(join(COPY, 'vitest.config.ts'), CONFIG);
};

const isPassing = (tests: readonly string[]): boolean => {
  const run = spawnSync('vitest', ['run', '--root', COPY, '--testTimeout', '20000', ...tests], {
    stdio: 'ignore',
    timeout: 300_000,
  });
  return run.status === 0;
};

/**
 * Whether its test fails with the mutant. Throws when the source no longer has the text that the mutant
 * replaces.
 */
const isKilled = ({ id, file, find, replace, test }: SuiteMutant): boolean => {
  const path = join(COPY, 'src', file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(find)) throw new Error(`${id}: ${file} no longer contains ${find}`);
  writeFileSync(path, source.replace(find, replace));
  try {
    return !isPassing([test]);
  } finally {
    writeFileSync(path, source);
  }
};

for (const stream of [process.stdout, process.stderr]) ignoreClosedPipe(stream);

prepare();
try {
  const [wanted = ''] = process.argv.slice(2);
  const mutants = SUITE_MUTANTS.filter(({ id }) => id.includes(wanted));
  if (mutants.length === 0) throw new Error(`No mutant's id contains ${wanted}.`);
  const tests = [...new Set(mutants.map(({ test }) => test))];
  const isFair = isPassing(tests);
  if (!isFair) process.stdout.write('UNFAIR      the tests of the suite fail without a mutant\n');
  const survivors = mutants.filter((mutant) => !isKilled(mutant));
  for (const { id, test } of survivors) process.stdout.write(`SURVIVED    suite ${id}: ${test} passed\n`);
  process.stdout.write(`suite: ${mutants.length - survivors.length}/${mutants.length} killed\n`);
  process.exitCode = isFair && survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(COPY, { recursive: true, force: true });
}
