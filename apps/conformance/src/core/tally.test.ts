import { describe, expect, it } from 'vitest';
import type { CaseRecord, Layer, ResultRecord, Verdict } from './record.ts';
import { applyStrict, createFooter, getExitCode, unjudgedLayers, untriedImplementations } from './tally.ts';

const results = (
  planned: number,
  verdicts: readonly Verdict[],
  { implementation = 'it', layer = 'server' }: Partial<Pick<CaseRecord, 'implementation' | 'layer'>> = {},
): readonly ResultRecord[] => [
  { type: 'implementation', implementation, layer, notes: [], planned },
  ...verdicts.map(
    (verdict, index): CaseRecord => ({
      type: 'case',
      implementation,
      layer,
      id: `case-${index}`,
      group: 'g',
      description: 'd',
      spec: '§1',
      verdict,
      durationMs: 1,
    }),
  ),
];

const complete = (planned: number, verdicts: readonly Verdict[]): readonly ResultRecord[] => {
  const records = results(planned, verdicts);
  return [...records, createFooter(records, 1)];
};

describe('exitCodeOf', () => {
  it.each<[name: string, code: number, records: readonly ResultRecord[]]>([
    ['all pass', 0, complete(2, ['pass', 'pass'])],
    ['one expected failure', 0, complete(2, ['pass', 'xfail'])],
    ['one warning', 0, complete(2, ['pass', 'warn'])],
    ['one not applicable', 0, complete(2, ['pass', 'notapplicable'])],
    ['one failure', 1, complete(2, ['pass', 'fail'])],
    ['a stale expectation', 1, complete(2, ['pass', 'xpass'])],
    ['an error', 3, complete(2, ['pass', 'error'])],
    ['an error and a failure', 3, complete(2, ['fail', 'error'])],
    ['a missing verdict', 3, complete(3, ['pass', 'pass'])],
    ['a missing verdict and a failure', 3, complete(3, ['pass', 'fail'])],
    ['nothing planned', 3, complete(0, [])],
    ['no applicable case', 3, complete(2, ['notapplicable', 'notapplicable'])],
    ['no records at all', 3, []],
    ['no footer', 3, results(1, ['pass'])],
  ])('%s: %i', (_name, code, records) => {
    expect(getExitCode(records)).toBe(code);
  });

  it.each<[name: string, code: number, vectors: Verdict, client: Verdict]>([
    ['one layer alone', 0, 'pass', 'notapplicable'],
    ['every layer', 3, 'notapplicable', 'notapplicable'],
  ])('an implementation of which %s was left untried: %i', (_name, code, vectors, client) => {
    const records = [
      ...results(1, ['pass'], { implementation: 'another' }),
      ...results(1, [vectors], { layer: 'vectors' }),
      ...results(1, [client], { layer: 'client' }),
    ];
    expect(getExitCode([...records, createFooter(records, 1)])).toBe(code);
  });

  it('counts a warning as a failure in a strict run', () => {
    expect(getExitCode(complete(2, ['pass', 'warn']).map(applyStrict))).toBe(1);
  });

  it('does not let a case that is recorded twice stand in for a missing one', () => {
    const [implementation, first] = results(2, ['pass']);
    const records = [implementation, first, first] as ResultRecord[];
    expect(getExitCode([...records, createFooter(records, 1)])).toBe(3);
  });

  it('fails when a known failure matches no case', () => {
    const records = [
      ...results(1, ['pass']),
      { type: 'expectation', problem: 'unmatched', entry: 'x' } as const,
    ];
    expect(getExitCode([...records, createFooter(records, 1)])).toBe(1);
  });
});

const layer = (implementation: string, layer: Layer, ...verdicts: readonly Verdict[]): ResultRecord[] => [
  { type: 'implementation', implementation, layer, notes: [], planned: verdicts.length },
  ...verdicts.map(
    (verdict, index) => ({ type: 'case', implementation, layer, id: `c${index}`, verdict }) as CaseRecord,
  ),
];

it.each<
  [name: string, records: readonly ResultRecord[], layers: readonly string[], names: readonly string[]]
>([
  ['one that was judged', layer('a', 'client', 'notapplicable', 'fail'), [], []],
  ['one to which nothing applied', layer('a', 'client', 'notapplicable'), ['a client'], ['a']],
  ['one without a verdict', layer('a', 'client', 'error', 'notapplicable'), ['a client'], ['a']],
  ['one of which nothing was planned', layer('a', 'client'), [], []],
  [
    'one that was judged on another layer',
    [...layer('a', 'vectors', 'xfail'), ...layer('a', 'client', 'notapplicable')],
    ['a client'],
    [],
  ],
  [
    'one beside another that was judged',
    [...layer('b', 'vectors', 'pass'), ...layer('a', 'vectors', 'notapplicable')],
    ['a vectors'],
    ['a'],
  ],
  [
    'one that is untried on two layers',
    [...layer('a', 'vectors', 'notapplicable'), ...layer('a', 'client', 'notapplicable')],
    ['a vectors', 'a client'],
    ['a'],
  ],
])('knows what was left untried: %s', (_name, records, layers, names) => {
  expect(unjudgedLayers(records).map((each) => `${each.implementation} ${each.layer}`)).toEqual(layers);
  expect(untriedImplementations(records)).toEqual(names);
});
