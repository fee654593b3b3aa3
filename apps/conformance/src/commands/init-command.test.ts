import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { captureOutput } from '@cpg/test-support/captured-output';
import { describe, expect, it } from 'vitest';
import { STARTING_POINTS } from './init-command.ts';
import { main } from './main.ts';

const ADAPTERS = join(import.meta.dirname, '../../adapters');
const output = captureOutput();
const LANGUAGES = Object.keys(STARTING_POINTS);

describe('init', () => {
  it.each(LANGUAGES)('writes an adapter in %s, and says how to run it', async (language) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'cpg-init-')), 'new');
    expect(await main(['init', '--language', language, folder])).toBe(0);
    const { file = '', run } = STARTING_POINTS[language] ?? {};
    expect(readFileSync(join(folder, basename(file)), 'utf8')).toBe(
      readFileSync(join(ADAPTERS, file), 'utf8'),
    );
    expect(output.text).toContain(`'${run}'`);
  });

  it('has a starting point for every adapter of the package', () => {
    expect(LANGUAGES).toEqual(readdirSync(ADAPTERS).toSorted());
  });

  it.each<[name: string, argv: readonly string[], message: string]>([
    ['an unknown language', ['--language', 'cobol'], 'Allowed choices are bash, csharp, go,'],
    ['no language', [], "required option '--language <name>' not specified"],
  ])('is wrong usage with %s', async (_name, argv, message) => {
    expect(await main(['init', ...argv])).toBe(2);
    expect(output.text).toContain(message);
  });

  it('does not overwrite a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cpg-init-'));
    expect(await main(['init', '--language', 'ruby', folder])).toBe(0);
    expect(await main(['init', '--language', 'ruby', folder])).toBe(2);
    expect(output.text).toContain('The file exists already, or cannot be written');
  });
});

describe('an adapter', () => {
  it.each(Object.values(STARTING_POINTS))('has at most 250 lines of code: $file', ({ file }) => {
    const lines = readFileSync(join(ADAPTERS, file), 'utf8').split('\n');
    const code = lines.filter((line) => !/^\s*(?:(?:\/\/|#|\/?\*|""").*)?$/.test(line));
    expect(code.length).toBeLessThanOrEqual(250);
  });
});
