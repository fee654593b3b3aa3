import { describe, expect, it } from 'vitest';
import { chooseCases, createCaseFilter } from './case-filter.ts';

const CASES = [{ id: 'a-1' }, { id: 'a-2' }, { id: 'last', always: true }];

describe('chooseCases', () => {
  it.each<[pattern: string | undefined, chosen: readonly string[]]>([
    [undefined, ['a-1', 'a-2', 'last']],
    ['a-2', ['a-2', 'last']],
    ['last', ['last']],
    ['b-*', []],
    ['a-*', ['a-1', 'a-2', 'last']],
    ['*-2', ['a-2', 'last']],
    ['a-{2,3}', ['a-2', 'last']],
    ['-2', []],
    ['a', []],
    ['', []],
  ])('by the pattern %s', (pattern, chosen) => {
    expect(chooseCases(CASES, createCaseFilter(pattern)).map(({ id }) => id)).toEqual(chosen);
  });
});
