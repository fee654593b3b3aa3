import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { toDecimal } from '../decimal.ts';
import { isDecimalString } from '../decimal-string.ts';
import type { Schema } from './schema.ts';
import {
  collection,
  decimalString,
  integerId,
  type OpenEnum,
  openEnum,
  page,
  queryInteger,
  requestAmount,
  requestId,
  single,
  wireText,
} from './schemas.ts';

const text = wireText(2, 4);

it.each(['ab', 'abcd', '€uro', '😀😀', '😀😀😀😀', 'e\u0301e\u0301', ' \n'])('accepts %j', (value) => {
  expect(text.parse(value)).toBe(value);
});

it.each([
  ['', 'String should have at least 2 characters'],
  ['a', 'String should have at least 2 characters'],
  ['😀', 'String should have at least 2 characters'],
  ['abcde', 'String should have at most 4 characters'],
  ['a\u0000b', 'String should be well-formed Unicode without NUL'],
  ['ab\ud800', 'String should be well-formed Unicode without NUL'],
  ['\udc00ab', 'String should be well-formed Unicode without NUL'],
])('rejects %j', (value, reason) => {
  expect(text.safeParse(value).error?.issues).toMatchObject([{ message: reason }]);
});

it('says one character, not one characters', () => {
  expect(wireText(1, 1).safeParse('').error?.issues[0]?.message).toBe(
    'String should have at least 1 character',
  );
  expect(wireText(1, 1).safeParse('ab').error?.issues[0]?.message).toBe(
    'String should have at most 1 character',
  );
});

it('documents its length', () => {
  expect(z.toJSONSchema(text)).toMatchObject({ type: 'string', minLength: 2, maxLength: 4 });
});

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
  ])('rejects %j', (input) => {
    expect(requestId.safeParse(input).error?.issues).toMatchObject([
      { message: 'Input should be a valid integer' },
    ]);
  });
});

describe('integerId', () => {
  it('reads a whole number', () => {
    expect(integerId.parse(7)).toBe(7);
  });

  it.each(['7', 1.5, null, 9007199254740992])('rejects %j', (input) => {
    expect(integerId.safeParse(input).success).toBe(false);
  });
});

const NINES = '9'.repeat(38);

describe('decimalString', () => {
  it.each(['0', '0.000000', '-1.5', '1300.000000'])('accepts %s', (text) => {
    expect(decimalString.parse(text)).toBe(text);
  });

  it.each([1300, '1e3', '01', '.5', '', null])('rejects %j', (value) => {
    expect(decimalString.safeParse(value).success).toBe(false);
  });
});

describe('requestAmount', () => {
  it.each([
    ['100', '100'],
    ['100.000000', '100.000000'],
    [`0.${'0'.repeat(37)}1`, `0.${'0'.repeat(37)}1`],
    [NINES, NINES],
    [100, '100'],
    [0.1, '0.1'],
    [1e-7, '0.0000001'],
    [123456789012345, '123456789012345'],
    [0.000123456789012345, '0.000123456789012345'],
  ])('reads %j', (input, expected) => {
    expect(requestAmount.parse(input)).toBe(expected);
  });

  const notDecimal = 'Input should be a valid decimal string';
  const notPositive = 'Input should be greater than 0';
  const tooLong = 'Input should have at most 38 digits';
  const lossy = 'Input should be a decimal string: a JSON number does not keep this many digits';

  it.each([
    ['', notDecimal],
    ['1e3', notDecimal],
    ['+1', notDecimal],
    ['01', notDecimal],
    ['1.', notDecimal],
    ['.5', notDecimal],
    [' 1', notDecimal],
    ['--1', notDecimal],
    ['NaN', notDecimal],
    ['0', notPositive],
    ['0.000', notPositive],
    ['-0', notPositive],
    ['-1', notPositive],
    [0, notPositive],
    [-5, notPositive],
    [1234567890123456, lossy],
    [1e21, lossy],
    [0.1 + 0.2, lossy],
    [`${NINES}9`, tooLong],
    [`9.${NINES}`, tooLong],
    [`0.${'0'.repeat(38)}1`, tooLong],
  ])('rejects %j', (input, reason) => {
    expect(requestAmount.safeParse(input).error?.issues).toMatchObject([{ message: reason }]);
  });

  it.each([
    ['1.00000000000000000001', '1'],
    ['0.1000000000000000055', '0.1'],
    ['1E2', '100'],
  ])('reads %s in a JSON text as JSON.parse rounds it', (text, expected) => {
    expect(requestAmount.parse(JSON.parse(text))).toBe(expected);
  });

  it('reads a number in a JSON text exactly up to 15 digits, and beyond rejects it or is off by less than a part in 10^15', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 30n });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 18 }), (unscaled, places) => {
        const text = toDecimal(String(unscaled))
          .div(toDecimal(String(10n ** BigInt(places))))
          .toString();
        const result = requestAmount.safeParse(JSON.parse(text));
        const isShort = text.replace('.', '').replace(/^0+/, '').length <= 15;
        if (isShort) expect(result.data).toBe(text);
        if (!result.success) return;
        const difference = toDecimal(result.data).minus(text).abs();
        expect(difference.lessThan(toDecimal(text).times('1e-15'))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads a number as the very decimal that JSON shows', () => {
    const number = fc.double({ min: 0, noDefaultInfinity: true, noNaN: true, minExcluded: true, max: 1e15 });
    fc.assert(
      fc.property(number, (input) => {
        const result = requestAmount.safeParse(input);
        if (!result.success) return;
        expect(isDecimalString(result.data)).toBe(true);
        expect(toDecimal(result.data).toNumber()).toBe(input);
      }),
    );
  });
});

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
])('rejects %j', (input, reason) => {
  expect(limit.safeParse(input).error?.issues).toMatchObject([{ message: reason }]);
});

const status = openEnum(['active', 'expired']);

it.each(['active', 'expired', 'a later one', ''])('accepts %j', (value) => {
  expect(status.parse(value)).toBe(value);
});

it.each([5, null, undefined])('rejects %j', (value) => {
  expect(status.safeParse(value).success).toBe(false);
});

it('documents the known values', () => {
  expect(z.toJSONSchema(status)).toMatchObject({
    type: 'string',
    'x-extensible-enum': ['active', 'expired'],
  });
  expectTypeOf(status).toEqualTypeOf<Schema<OpenEnum<'active' | 'expired'>>>();
});

describe('single', () => {
  it('reads the envelope, unknown fields included', () => {
    const response = { success: true, message: 'OK', data: 'x', later: 1 };
    expect(single(z.string()).parse(response)).toEqual(response);
  });

  it.each([
    { success: false, message: 'OK', data: 'x' },
    { success: true, data: 'x' },
    { success: true, message: 'OK', data: 5 },
    { success: true, message: 'OK' },
  ])('rejects %j', (response) => {
    expect(single(z.string()).safeParse(response).success).toBe(false);
  });
});

describe('collection', () => {
  it('reads rows and their count', () => {
    const response = { success: true, message: 'OK', data: ['x'], data_count: 1 };
    expect(collection(z.string()).parse(response)).toEqual(response);
  });

  it.each([
    { success: true, message: 'OK', data: ['x'] },
    { success: true, message: 'OK', data: 'x', data_count: 1 },
    { success: true, message: 'OK', data: [5], data_count: 1 },
  ])('rejects %j', (response) => {
    expect(collection(z.string()).safeParse(response).success).toBe(false);
  });
});

describe('page', () => {
  const response = {
    success: true,
    message: 'OK',
    data: ['x'],
    data_count: 1,
    next_cursor: 5,
    has_more: true,
  };

  it.each([response, { ...response, next_cursor: null, has_more: false }])('reads %j', (given) => {
    expect(page(z.string()).parse(given)).toEqual(given);
  });

  it.each([
    { ...response, next_cursor: undefined },
    { ...response, next_cursor: '5' },
    { ...response, has_more: undefined },
    { ...response, has_more: 1 },
  ])('rejects %j', (given) => {
    expect(page(z.string()).safeParse(given).success).toBe(false);
  });
});
