import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeInCi } from '@cpg/test-support/programs';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../main.ts');
const PARAMETERS = ['--conditions=@cpg/source', MAIN, 'vectors', '--run', 'sign-*', '--adapter'];
const WRITE = 'x'.repeat(65_536);
const node = (program: string) => `'${process.execPath}' -e '${program}'`;

const ADAPTERS: readonly (readonly [
  name: string,
  commandLine: string,
  options: readonly string[],
  message: string,
])[] = [
  [
    'to standard output, without a line feed',
    node(`const go = () => process.stdout.write("${WRITE}", go); go()`),
    [],
    'more than 8388608 bytes to standard output without a line feed (0x0A)',
  ],
  [
    'to standard error',
    node(`const go = () => process.stderr.write("${WRITE}", go); go()`),
    [],
    'more than 16777216 characters',
  ],
  [
    'to standard output and ignores signals',
    node(
      `process.on("SIGTERM", () => {}); process.stdout.on("error", () => {}); const go = () => process.stdout.write("${WRITE}", () => setImmediate(go)); go()`,
    ),
    [],
    'more than 8388608 bytes',
  ],
  [
    'as a one-shot command',
    node(`const go = () => process.stdout.write("${WRITE}", go); go()`),
    ['--one-shot'],
    'more than 16777216 characters',
  ],
];

const testEach = (adapters: typeof ADAPTERS) =>
  it.each(adapters)(
    'an adapter that never stops writing %s gives no verdict, but the reports',
    (_name, commandLine, options, message) => {
      const report = join(mkdtempSync(join(tmpdir(), 'cpg-')), 'results.jsonl');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...PARAMETERS, commandLine, ...options, '--jsonl', report],
        { encoding: 'utf8' },
      );
      expect(stderr).not.toContain('RangeError');
      expect(stdout).toContain(message);
      expect(readFileSync(report, 'utf8')).toContain(message);
      expect(status).toBe(3);
    },
  );

testEach(ADAPTERS.slice(0, 1));
describeInCi('the other ways to write without end', () => testEach(ADAPTERS.slice(1)));
