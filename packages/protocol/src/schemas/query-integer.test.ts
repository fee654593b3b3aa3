import { expect, it } from 'vitest';
import { queryInteger } from './query-integer.ts';

const limit = queryInteger({ minimum: 1, maximum: 200 });

it.each([
  ['1', 1],
  ['50', 50],
  ['200', 200],
  [7, 7],
])('reads %j', (input, expected) => {
  expect(limit.parse(input)).toBe(expected);
});

it.each([
  ['', 'Input should be a valid integer'],
  ['+1', 'Input should be a valid integer'],
  ['01', 'Input should be a valid integer'],
  ['-0', 'Input should be a valid integer'],
  ['1.0', 'Input should be a valid integer'],
  ['1e2', 'Input should be a valid integer'],
  ['0x10', 'Input should be a valid integer'],
  [' 50', 'Input should be a valid integer'],
  ['50\n', 'Input should be a valid integer'],
  ['٥', 'Input should be a valid integer'],
  [1.5, 'Input should be a valid integer'],
  ['0', 'Input should be greater than or equal to 1'],
  ['-5', 'Input should be greater than or equal to 1'],
  ['201', 'Input should be less than or equal to 200'],
  ['99999999999999999999999999', 'Input should be less than or equal to 200'],
])('refuses %j', (input, reason) => {
  expect(limit.safeParse(input).error?.issues).toMatchObject([{ message: reason }]);
});
