import { expect, it } from 'vitest';
import { headerValues } from './header-values.ts';

const headers = [
  ['X-CPG-Key', 'one'],
  ['Date', 'now'],
  ['x-cpg-KEY', 'two'],
] as const;

it.each([
  ['X-CPG-Key', ['one', 'two']],
  ['date', ['now']],
  ['X-CPG', []],
])('finds %s', (name, values) => {
  expect(headerValues(headers, name)).toEqual(values);
});
