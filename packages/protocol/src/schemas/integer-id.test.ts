import { describe, expect, it } from 'vitest';
import { integerId, requestId } from './integer-id.ts';

describe('requestId', () => {
  it.each([
    ['1', '1'],
    ['9999999999999999999', '9999999999999999999'],
    [7, '7'],
    [9007199254740993n, '9007199254740993'],
  ])('reads %o', (input, expected) => {
    expect(requestId.parse(input)).toBe(expected);
  });

  it.each([
    '',
    '0',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1\n',
    'abc',
    '10000000000000000000',
    1.5,
    -1,
    1e21,
  ])('refuses %j', (input) => {
    expect(requestId.safeParse(input).error?.issues).toMatchObject([
      { message: 'Input should be a valid integer' },
    ]);
  });
});

describe('integerId', () => {
  it('reads a whole number', () => {
    expect(integerId.parse(7)).toBe(7);
  });

  it.each(['7', 1.5, null, 9007199254740992])('refuses %j', (input) => {
    expect(integerId.safeParse(input).success).toBe(false);
  });
});
