import { Decimal as DecimalJs } from 'decimal.js';
import { quote, typeName } from './arguments.ts';
import { isDecimalString } from './decimal-string.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * decimal.js configured for money: 100 significant digits in every operation, never an exponent in
 * `toString()`. A separate class: calling `set` on your own `Decimal` does not change it.
 */
export const Decimal = DecimalJs.clone({ precision: 100, toExpNeg: -9e15, toExpPos: 9e15, defaults: true });
/** A decimal for exact arithmetic; format it with `toFixed(places)`. */
export type Decimal = DecimalJs;

/**
 * Parses an amount for arithmetic. On the wire amounts stay strings: format the result with
 * `toFixed(places)`.
 *
 * @throws ProtocolError `invalid_decimal` for anything but a plain decimal string, also for a number, which
 * may have lost digits already.
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
