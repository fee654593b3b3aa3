/** Breaks the suite itself, one mistake at a time in a copy of its source, and expects its own tests to turn red. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SUITE_FOLDER } from '../suite.ts';
import { RUNNER_MUTANTS, type RunnerMutant } from './runner-mutants.ts';

const COPY = mkdtempSync(join(tmpdir(), 'cpg-runner-mutants-'));

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

const isGreen = (tests: readonly string[]): boolean => {
  const run = spawnSync('vitest', ['run', '--root', COPY, '--testTimeout', '3000', ...tests], {
    stdio: 'ignore',
    timeout: 120_000,
  });
  return run.status === 0;
};

/** Whether the mutant turned its test red; throws when there is nothing to break. */
const isCaught = ({ id, file, find, replace, test }: RunnerMutant): boolean => {
  const path = join(COPY, 'src', file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(find)) throw new Error(`${id}: ${file} no longer contains ${find}`);
  writeFileSync(path, source.replace(find, replace));
  try {
    return !isGreen([test]);
  } finally {
    writeFileSync(path, source);
  }
};

prepare();
try {
  const tests = [...new Set(RUNNER_MUTANTS.map(({ test }) => test))];
  const isFair = isGreen(tests);
  if (!isFair) process.stdout.write('UNFAIR      the meta-tests are red without any mistake\n');
  const survivors = RUNNER_MUTANTS.filter((mutant) => !isCaught(mutant));
  for (const { id, test } of survivors)
    process.stdout.write(`SURVIVED    runner ${id}: ${test} stayed green\n`);
  process.stdout.write(
    `runner: ${RUNNER_MUTANTS.length - survivors.length}/${RUNNER_MUTANTS.length} caught\n`,
  );
  process.exitCode = isFair && survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(COPY, { recursive: true, force: true });
}
