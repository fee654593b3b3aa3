import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDecimalString, toDecimal } from '../decimal-string.ts';
import { decimalString, requestAmount } from './decimal-amount.ts';

const NINES = '9'.repeat(38);

describe('decimalString', () => {
  it.each(['0', '0.000000', '-1.5', '1300.000000'])('accepts %s', (text) => {
    expect(decimalString.parse(text)).toBe(text);
  });

  it.each([1300, '1e3', '01', '.5', '', null])('refuses %j', (value) => {
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
  ])('refuses %j', (input, reason) => {
    expect(requestAmount.safeParse(input).error?.issues).toMatchObject([{ message: reason }]);
  });

  it.each([
    ['1.00000000000000000001', '1'],
    ['0.1000000000000000055', '0.1'],
    ['1E2', '100'],
  ])('reads %s in a JSON text as what JSON.parse leaves of it', (text, expected) => {
    expect(requestAmount.parse(JSON.parse(text))).toBe(expected);
  });

  it('reads a number in a JSON text exactly up to 15 digits, and beyond refuses it or is off by less than a part in 10^15', () => {
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
