/**
 * Mutants of the suite itself: one replacement at a time, in a copy of its source, must fail the suite's own
 * test. `node src/suite-mutants/main.ts [part of a mutant's id]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ignoreClosedPipe } from '@cpg/conformance/src/commands/main.ts';
import { SUITE_FOLDER } from '../suite.ts';
import { SUITE_MUTANTS, type SuiteMutant } from './suite-mutants.ts';

const CONFIG = `export default {
  resolve: { conditions: ['@cpg/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@cpg/source', 'node', 'import', 'default'] } },
  test: { include: ['**/*.test.ts'], isolate: false },
};
`;

const TIMEOUT_MS = 300_000;

/** A copy of the suite, in which one mutant at a time can be tried. */
class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cpg-suite-mutants-'));

  constructor() {
    for (const name of ['src', 'package.json', 'demo-keys.json'])
      cpSync(join(SUITE_FOLDER, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(SUITE_FOLDER, 'node_modules'), join(this.#folder, 'node_modules'));
    writeFileSync(join(this.#folder, 'vitest.config.ts'), CONFIG);
  }

  async isPassing(tests: readonly string[]): Promise<boolean> {
    const parameters = ['run', '--root', this.#folder, '--testTimeout', '20000', ...tests];
    const child = spawn('vitest', parameters, { stdio: 'ignore', timeout: TIMEOUT_MS });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  }

  /**
   * Whether its test fails with the mutant. Throws when the source no longer has the text that the mutant
   * replaces.
   */
  async isKilled({ id, file, find, replace, test }: SuiteMutant): Promise<boolean> {
    const path = join(this.#folder, 'src', file);
    const source = readFileSync(path, 'utf8');
    if (!source.includes(find)) throw new Error(`${id}: ${file} no longer contains ${find}`);
    writeFileSync(path, source.replace(find, replace));
    try {
      return !(await this.isPassing([test]));
    } finally {
      writeFileSync(path, source);
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

for (const stream of [process.stdout, process.stderr]) ignoreClosedPipe(stream);

const [wanted = ''] = process.argv.slice(2);
const mutants = SUITE_MUTANTS.filter(({ id }) => id.includes(wanted));
if (mutants.length === 0) throw new Error(`No mutant's id contains ${wanted}.`);

const copies = Array.from({ length: availableParallelism() }, () => new Copy());
const queue = mutants.values();
const survivors: SuiteMutant[] = [];
const judgeNext = async (copy: Copy): Promise<void> => {
  for (const mutant of queue) if (!(await copy.isKilled(mutant))) survivors.push(mutant);
};
try {
  const isFair = await copies[0]?.isPassing([...new Set(mutants.map(({ test }) => test))]);
  if (isFair !== true) process.stdout.write('UNFAIR      the tests of the suite fail without a mutant\n');
  await Promise.all(copies.map(judgeNext));
  for (const { id, test } of survivors) process.stdout.write(`SURVIVED    suite ${id}: ${test} passed\n`);
  process.stdout.write(`suite: ${mutants.length - survivors.length}/${mutants.length} killed\n`);
  process.exitCode = isFair === true && survivors.length === 0 ? 0 : 1;
} finally {
  for (const copy of copies) copy.remove();
}
