import { describe, expect, it } from 'vitest';
import { renderPlan } from '../report/terminal.ts';
import { createCaseFilter } from './case-filter.ts';
import { dryRun, isEachTried } from './dry-run.ts';
import type { ConformanceCase, Suite } from './suite.ts';

const makeCase = (id: string, needs?: readonly string[]): ConformanceCase<never> => ({
  id,
  group: 'g',
  description: 'd',
  spec: '§1',
  run: async () => undefined,
  ...(needs === undefined ? {} : { needs }),
});

const suite = (label: string, capabilities?: readonly string[]): Suite<never> => ({
  layer: 'vectors',
  label,
  cases: [makeCase('a'), makeCase('b', ['sign']), makeCase('c', ['sign', 'clock'])],
  ...(capabilities === undefined ? {} : { capabilities: new Set(capabilities) }),
  open: () => Promise.reject(new Error('a dry run starts nothing')),
});

describe('dryRun', () => {
  it('says what applies, what does not, and what only the implementation knows', () => {
    const planned = dryRun((plan) => {
      plan.add(suite('known', ['sign']));
      plan.add(suite('unknown'));
    }, undefined);
    expect(renderPlan(planned)).toBe(`vectors known: planned 3, not applicable 1, known at its start 0
  a
  b
  c  (not applicable, needs: clock)

vectors unknown: planned 3, not applicable 0, known at its start 2
  a
  b  (if it has: sign)
  c  (if it has: sign, clock)

planned 6, not applicable 1, known at its start 2
`);
  });

  it.each<[name: string, isTried: boolean, suites: readonly Suite<never>[]]>([
    ['nothing', false, []],
    ['what applies', true, [suite('known', ['sign'])]],
    ['what may apply', true, [suite('unknown')]],
    ['one to which nothing applies', false, [suite('known', ['sign']), suite('other', [])]],
    ['one to which one layer applies', true, [suite('known', ['sign']), suite('known', [])]],
  ])('sees whether each implementation is tried: %s', (_name, isTried, suites) => {
    const planned = dryRun((plan) => {
      for (const each of suites) plan.add({ ...each, cases: each.cases.slice(1) });
    }, undefined);
    expect(isEachTried(planned)).toBe(isTried);
  });

  it('does not take what is tried with every other case for a try', () => {
    const always = { ...makeCase('always'), always: true };
    const planned = (cases: readonly ConformanceCase<never>[]) =>
      dryRun((plan) => plan.add({ ...suite('known', ['sign']), cases }), undefined);
    expect(planned([makeCase('c', ['clock']), always])[0]?.cases[1]).toEqual({
      id: 'always',
      applies: 'no',
      lacks: ['another case'],
    });
    expect(planned([makeCase('b', ['sign']), always])[0]?.cases[1]?.applies).toBe('yes');
  });

  it('keeps to a pattern, and leaves out whom it leaves nothing of', () => {
    const planned = dryRun((plan) => plan.add(suite('known', [])), createCaseFilter('c*'));
    expect(planned).toEqual([
      { layer: 'vectors', label: 'known', cases: [{ id: 'c', applies: 'no', lacks: ['sign', 'clock'] }] },
    ]);
    expect(dryRun((plan) => plan.add(suite('known', [])), createCaseFilter('z'))).toEqual([]);
  });
});
