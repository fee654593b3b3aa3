import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@cpg/conformance/src/commands/catalogue.ts';
import { describe, expect, it } from 'vitest';
import { CONTROLS } from '../controls/controls.ts';
import { SUITE_FOLDER } from '../suite.ts';
import { SUITE_MUTANTS } from '../suite-mutants/suite-mutants.ts';
import { CLIENT_MUTANTS } from './client-mutants.ts';
import { SERVER_MUTANTS } from './server-mutants.ts';
import { VERIFIER_MUTANTS } from './verifier-mutants.ts';

const CASE_IDS = new Set(catalogue().map(({ id }) => id));

describe.each([
  ['client', CLIENT_MUTANTS],
  ['verifier', VERIFIER_MUTANTS],
  ['server', SERVER_MUTANTS],
])('%s mutants', (_kind, mutants) => {
  it('have ids of their own', () => {
    const ids = mutants.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('are killed by cases that the catalogue has', () => {
    expect(mutants.filter(({ killedBy }) => killedBy.length === 0)).toEqual([]);
    expect(mutants.flatMap(({ killedBy }) => killedBy).filter((id) => !CASE_IDS.has(id))).toEqual([]);
  });
});

describe('suite mutants', () => {
  it.each(SUITE_MUTANTS.map((mutant) => [mutant.id, mutant] as const))(
    '%s replaces text that the source has',
    (_id, { file, find, replace, test }) => {
      expect(readFileSync(join(SUITE_FOLDER, 'src', file), 'utf8')).toContain(find);
      expect(replace).not.toBe(find);
      expect(readFileSync(join(SUITE_FOLDER, 'src', test), 'utf8')).not.toBe('');
    },
  );
});

describe('README.md', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const total = CLIENT_MUTANTS.length + VERIFIER_MUTANTS.length + SERVER_MUTANTS.length;

  it.each([
    ['clients and signers', CLIENT_MUTANTS.length],
    ['verifiers', VERIFIER_MUTANTS.length],
    ['servers', SERVER_MUTANTS.length],
    ['controls', CONTROLS.length],
    ['the suite itself', SUITE_MUTANTS.length],
  ])('counts the %s', (what, count) => {
    const row = readme.split('\n').find((line) => line.startsWith(`| ${what}:`));
    expect(row).toContain(` | ${count} | `);
  });

  it('shows the last lines of a run', () => {
    expect(readme).toContain(`    ${total}/${total} killed\n`);
    expect(readme).toContain(`    suite: ${SUITE_MUTANTS.length}/${SUITE_MUTANTS.length} killed\n`);
  });
});
