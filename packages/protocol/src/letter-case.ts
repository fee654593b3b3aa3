import { assertString } from './arguments.ts';

const HAS_LOWER_CASE = /[a-z]/;

/**
 * Upper-cases the letters `a`–`z` and leaves every other character alone. `String.toUpperCase` turns some
 * other characters into ASCII letters: with it, `U\u017fDT` is `USDT`. Names of currencies and networks are
 * compared in this form. Wire protocol §4.
 *
 * @example upperCaseAscii('usdt') // 'USDT'
 * @throws ProtocolError `invalid_field` for anything but a string.
 */
export const upperCaseAscii = (text: string): string => {
  assertString(text, 'text');
  return HAS_LOWER_CASE.test(text) ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()) : text;
};
