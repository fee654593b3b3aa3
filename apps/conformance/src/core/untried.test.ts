import { expect, it } from 'vitest';
import type { CaseRecord, ResultRecord } from './record.ts';
import { unjudgedLayers, untriedImplementations } from './untried.ts';
import type { Layer, Verdict } from './verdict.ts';

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
