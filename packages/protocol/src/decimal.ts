import { Decimal as DecimalJs } from 'decimal.js';
import { quote, typeName } from './arguments.ts';
import { ProtocolError } from './protocol-error.ts';

/** Plain decimal strings: an optional minus, digits without leading zeros, an optional fraction. No exponent, no plus, no spaces. */
export const DECIMAL_STRING = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Whether a text is a plain decimal string, as every amount on the wire is. Contract §3. */
export const isDecimalString = (text: string): boolean =>
  typeof text === 'string' && DECIMAL_STRING.test(text);

/**
 * decimal.js set for money: 100 significant digits in every operation, never an exponent in `toString()`.
 * A class of its own, so that a program's own `Decimal.set` does not reach it.
 */
export const Decimal = DecimalJs.clone({ precision: 100, toExpNeg: -9e15, toExpPos: 9e15, defaults: true });
/** A value for exact arithmetic; write it back with `toFixed(places)`. */
export type Decimal = DecimalJs;

/**
 * Reads an amount for arithmetic; the wire type stays the string. Use `toFixed(places)` to write it back.
 *
 * @throws ProtocolError `invalid_decimal` for anything but a plain decimal string: numbers have already lost digits.
 */
export const toDecimal = (text: string): Decimal => {
  if (!isDecimalString(text)) {
    throw new ProtocolError(
      'invalid_decimal',
      `Amount must be a plain decimal string such as "1300.000000": got ${typeof text === 'string' ? quote(text) : typeName(text)}.`,
    );
  }
  return new Decimal(text);
};
