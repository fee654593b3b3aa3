import { z } from 'zod';
import { DECIMAL_STRING, Decimal } from '../decimal-string.ts';

const MOST_DIGITS = 38;
const UNSIGNED_DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;
// A double keeps every decimal of up to 15 significant digits, and no more.
const SAFE_DIGITS = 15;

// Leading zeros of a fraction count: a database column has places for digits, not for exponents.
const countDigits = (text: string): number => text.replace(/^0?\.|\./, '').length;
const countSignificantDigits = (text: string): number => text.replace('.', '').replace(/^0+/, '').length;

/** An amount in a response: a plain decimal string, strictly. Contract §3. */
export const decimalString = z
  .string()
  .regex(DECIMAL_STRING, { error: 'Input should be a plain decimal string' });

/**
 * An amount in a request: a decimal string, or a JSON number of at most 15 significant digits; greater than 0, at most 38
 * digits. Parses to a decimal string without exponent. Of a number, only what `JSON.parse` left is there to judge: text with
 * more digits that rounds to 15 or fewer is read so rounded, by less than a part in 10^15 (1.00000000000000000001 as 1).
 * A string is always exact. Contract §4.6.
 */
export const requestAmount = z
  .union([z.string(), z.number()])
  .transform((input, context) => {
    const text = typeof input === 'number' ? new Decimal(input).toFixed() : input;
    const reason = findAmountFault(text, typeof input === 'number');
    if (reason === undefined) return text;
    context.addIssue({ code: 'custom', message: reason });
    return z.NEVER;
  })
  .meta({
    description:
      'Greater than 0, at most 38 digits. Write a decimal string. A JSON number is read as a double, and refused when that shows more than 15 significant digits; digits that the JSON parser rounds away go unnoticed.',
  });

const findAmountFault = (text: string, wasNumber: boolean): string | undefined => {
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  if (!UNSIGNED_DECIMAL.test(unsigned)) return 'Input should be a valid decimal string';
  if (text.startsWith('-') || new Decimal(text).isZero()) return 'Input should be greater than 0';
  if (wasNumber && countSignificantDigits(text) > SAFE_DIGITS) {
    return 'Input should be a decimal string: a JSON number does not keep this many digits';
  }
  return countDigits(text) > MOST_DIGITS ? `Input should have at most ${MOST_DIGITS} digits` : undefined;
};
