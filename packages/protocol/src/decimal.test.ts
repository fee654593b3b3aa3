import { Decimal as DecimalJs } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Decimal, toDecimal } from './decimal.ts';
import { formatNumber, isDecimalString } from './decimal-string.ts';

const REFUSED = [
  '',
  '.',
  '1.',
  '.5',
  '+1',
  '--1',
  '01',
  '-',
  '1e3',
  '1E-7',
  ' 1',
  '1 ',
  '1\n',
  '1,000',
  '1_000',
  '0x10',
  'NaN',
  'Infinity',
  '١',
  '1.2.3',
];

describe('isDecimalString', () => {
  it.each(['0', '-0', '0.000000', '1300.000000', '-12.5', '12345678901234567890123456789012345678'])(
    'accepts %s',
    (text) => {
      expect(isDecimalString(text)).toBe(true);
    },
  );

  it.each(REFUSED)('rejects %j', (text) => {
    expect(isDecimalString(text)).toBe(false);
  });

  it('rejects a number, which has already lost digits', () => {
    expect(isDecimalString(5 as never)).toBe(false);
  });
});

describe('toDecimal', () => {
  it('does exact arithmetic', () => {
    expect(toDecimal('0.1').plus('0.2').toString()).toBe('0.3');
    expect(toDecimal('1300.000000').minus('10').toFixed(6)).toBe('1290.000000');
    expect(toDecimal('99999999999999999999999999999999999999').plus('0.000000000000000001').toString()).toBe(
      '99999999999999999999999999999999999999.000000000000000001',
    );
  });

  it('never prints an exponent', () => {
    expect(toDecimal('0.00000000000000000000000000000000000001').toString()).toBe(
      '0.00000000000000000000000000000000000001',
    );
    expect(toDecimal('100000000000000000000000000000000000000').toString()).toBe(
      '100000000000000000000000000000000000000',
    );
  });

  it.each(REFUSED)('rejects %j', (text) => {
    expect(() => toDecimal(text)).toThrow(
      expect.objectContaining({
        code: 'invalid_decimal',
        message: `Amount must be a plain decimal string such as "1300.000000": got ${JSON.stringify(text)}.`,
      }),
    );
  });

  it('rejects a number', () => {
    expect(() => toDecimal(0.1 as never)).toThrow('got number.');
  });

  it('has decimal.js settings of its own', () => {
    expect(Decimal.precision).toBe(100);
    expect(toDecimal('1')).toBeInstanceOf(Decimal);
    const { precision } = DecimalJs;
    DecimalJs.set({ precision: 2 });
    expect(toDecimal('1.23456').plus('1').toString()).toBe('2.23456');
    DecimalJs.set({ precision });
    expectTypeOf(toDecimal).returns.toEqualTypeOf<Decimal>();
  });

  it('round-trips every amount of up to 38 digits exactly', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 38 });
    const amount = fc.tuple(digits, fc.nat(38), fc.boolean()).map(([text, places, isNegative]) => {
      const point = Math.max(0, text.length - places);
      const whole = text.slice(0, point).replace(/^0+(?=.)/, '') || '0';
      const fraction = text.slice(point);
      // Zero has no sign in arithmetic.
      const sign = isNegative && /[1-9]/.test(text) ? '-' : '';
      return { text: `${sign}${whole}${fraction && `.${fraction}`}`, places: fraction.length };
    });
    fc.assert(
      fc.property(amount, ({ text, places }) => {
        expect(toDecimal(text).toFixed(places)).toBe(text);
        expect(toDecimal(toDecimal(text).toString()).eq(toDecimal(text))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [120, '120'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
  ])('writes %d as %s', (value, expected) => {
    expect(formatNumber(value)).toBe(expected);
  });

  it('writes what decimal.js writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(formatNumber(value)).toBe(new Decimal(value === 0 ? 0 : value).toFixed());
      }),
    );
  });
});
