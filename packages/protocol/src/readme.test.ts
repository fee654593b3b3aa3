import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PROTOCOL_ERROR_CODES } from './protocol-error.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const documentation = readFileSync(join(root, '../../apps/docs/packages/protocol.md'), 'utf8');
const examples = [...documentation.matchAll(/^## ([^\n]+)\n(?:(?!^## )[\s\S])*?```ts\n([\s\S]*?)```/gm)].map(
  ([, heading, program]) => ({ heading, program: program as string }),
);

// Inside the package, so that the programs can import it by its name.
const folder = mkdtempSync(join(root, '.readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the documentation', () => {
  it('has a program under each of eight headings', () => {
    expect(examples).toHaveLength(8);
    expect(examples).toHaveLength(documentation.split('```ts').length - 1);
  });

  it('has every example of the README', () => {
    const blocks = readme.match(/^```[\s\S]*?^```/gm) ?? [];
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.filter((block) => !documentation.includes(block))).toEqual([]);
  });

  it.each(examples)('$heading: prints the output that it shows', ({ program }) => {
    const file = join(folder, 'example.ts');
    writeFileSync(file, program);
    const run = spawnSync(process.execPath, ['--conditions=@cpg/source', file], { encoding: 'utf8' });
    const promised = [...program.matchAll(/\/\/ → (.*)/g)].map(([, text]) => `${text}\n`).join('');
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe(promised);
    expect(promised).not.toBe('');
  });

  it('shows how to read the vectors', () => {
    const page = readFileSync(join(root, 'vectors/README.md'), 'utf8');
    const programs = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, program]) => program as string);
    const file = join(folder, 'vectors.ts');
    const print = 'console.log(vectors.length === signing.vectors.length && vectors.length > 0);';
    writeFileSync(file, [...programs, print].join('\n'));
    const run = spawnSync(process.execPath, ['--conditions=@cpg/source', file], { encoding: 'utf8' });
    expect([programs.length, run.stderr, run.stdout]).toEqual([2, '', 'true\n']);
  });

  it('lists the error codes with their meanings', () => {
    const rows = [...documentation.matchAll(/^\| `(invalid_\w+)` +\| (.*?) +\|$/gm)].map(([, code, text]) => [
      code,
      text,
    ]);
    expect(Object.fromEntries(rows)).toEqual(PROTOCOL_ERROR_CODES);
  });
});
