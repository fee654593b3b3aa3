import { expect, it } from 'vitest';
import { permute } from './field-mistakes.ts';

it.each([
  [[], [[]]],
  [['a'], [['a']]],
  [
    ['a', 'b'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  ],
])('permutes %j', (items, expected) => {
  expect(permute(items)).toEqual(expected);
});

it('finds all 120 orders of five', () => {
  const orders = permute([1, 2, 3, 4, 5]).map(String);
  expect(new Set(orders).size).toBe(120);
  expect(orders).toContain('5,4,3,2,1');
});
