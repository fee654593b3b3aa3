import { z } from 'zod';
import { DECIMAL_STRING, Decimal } from '../decimal.ts';
import { plural } from './wire-message.ts';

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
// Code points, as databases and other languages count them, not UTF-16 units.
const countCharacters = (text: string): number => [...text].length;

/**
 * A text in a request: bounded in length, well-formed Unicode, no NUL. Databases would store other texts
 * changed, and two different texts could become equal.
 */
export const wireText = (minimum: number, maximum: number) =>
  z
    .string()
    .refine((text) => countCharacters(text) >= minimum, {
      error: `String should have at least ${plural(minimum, 'character')}`,
      abort: true,
    })
    .refine((text) => countCharacters(text) <= maximum, {
      error: `String should have at most ${plural(maximum, 'character')}`,
      abort: true,
    })
    .refine(isStorable, { error: 'String should be well-formed Unicode without NUL', abort: true })
    .meta({ minLength: minimum, maxLength: maximum });

const ID = /^[1-9][0-9]{0,18}$/;

/**
 * An id in a request: `[1-9][0-9]{0,18}`. Callers may pass a number. It is kept as text: an id may exceed the
 * integers that a JavaScript number can hold. Wire protocol §4.
 */
export const requestId = z
  .union([z.string(), z.number(), z.bigint()])
  .transform((input, context) => {
    const text = String(input);
    if (ID.test(text)) return text;
    context.addIssue({ code: 'custom', message: 'Input should be a valid integer' });
    return z.NEVER;
  })
  .meta({ type: 'integer', format: 'int64', minimum: 1 });

/** An id in a response. Wire protocol §4. */
export const integerId = z.int();

const MAX_DIGITS = 38;
const UNSIGNED_DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;
// A double preserves every decimal of up to 15 significant digits.
const SAFE_DIGITS = 15;

// Leading zeros of a fraction count: a database column has a fixed number of decimal places.
const countDigits = (text: string): number => text.replace(/^0?\.|\./, '').length;
const countSignificantDigits = (text: string): number => text.replace('.', '').replace(/^0+/, '').length;

/** An amount in a response: a plain decimal string, strictly. Wire protocol §3. */
export const decimalString = z
  .string()
  .regex(DECIMAL_STRING, { error: 'Input should be a plain decimal string' });

/**
 * An amount in a request: a decimal string, or a JSON number of at most 15 significant digits; greater than
 * 0, at most 38 digits. Parses to a decimal string without exponent. A string is exact. A number has been
 * rounded by `JSON.parse` already: digits that it dropped (1.00000000000000000001 becomes 1) cannot be
 * detected. Wire protocol §4.6.
 */
export const requestAmount = z
  .union([z.string(), z.number()])
  .transform((input, context) => {
    const text = typeof input === 'number' ? new Decimal(input).toFixed() : input;
    const reason = findAmountIssue(text, typeof input === 'number');
    if (reason === undefined) return text;
    context.addIssue({ code: 'custom', message: reason });
    return z.NEVER;
  })
  .meta({
    description:
      'Greater than 0, at most 38 digits. Write a decimal string. A JSON number is read as a double and rejected when it has more than 15 significant digits; digits dropped by the JSON parser are not detected.',
  });

const findAmountIssue = (text: string, wasNumber: boolean): string | undefined => {
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  if (!UNSIGNED_DECIMAL.test(unsigned)) return 'Input should be a valid decimal string';
  if (text.startsWith('-') || new Decimal(text).isZero()) return 'Input should be greater than 0';
  if (wasNumber && countSignificantDigits(text) > SAFE_DIGITS) {
    return 'Input should be a decimal string: a JSON number does not keep this many digits';
  }
  return countDigits(text) > MAX_DIGITS ? `Input should have at most ${MAX_DIGITS} digits` : undefined;
};

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

/**
 * An integer in a query, where it arrives as text: digits with an optional minus, no leading zero, no
 * exponent. `minimum` and `maximum` are inclusive.
 */
export const queryInteger = ({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }) =>
  z
    .union([z.string(), z.number()])
    .transform((input, context) => {
      const reason = findIntegerIssue(String(input), minimum, maximum);
      if (reason === undefined) return Number(input);
      context.addIssue({ code: 'custom', message: reason });
      return z.NEVER;
    })
    .meta({ type: 'integer', minimum, maximum });

const findIntegerIssue = (text: string, minimum: number, maximum: number): string | undefined => {
  if (!INTEGER.test(text)) return 'Input should be a valid integer';
  if (Number(text) < minimum) return `Input should be greater than or equal to ${minimum}`;
  return Number(text) > maximum ? `Input should be less than or equal to ${maximum}` : undefined;
};

/** One of the known values, or another text that a later version of the gateway may send. */
export type OpenEnum<Known extends string> = Known | (string & {});

/**
 * An enum in a response: the type suggests the known values and accepts unknown ones. Wire protocol §6, rule
 * 8.
 */
export const openEnum = <const Known extends readonly string[]>(
  known: Known,
): z.ZodType<OpenEnum<Known[number]>> => z.string().meta({ 'x-extensible-enum': known });

/** The response of an endpoint that returns one object. Unknown fields are kept. Wire protocol §3. */
export const single = <Data extends z.ZodType>(data: Data) =>
  z.looseObject({ success: z.literal(true), message: z.string(), data });

/** The response of an endpoint that returns rows; adds `data_count`. Wire protocol §3. */
export const collection = <Row extends z.ZodType>(row: Row) =>
  z.looseObject({ success: z.literal(true), message: z.string(), data: z.array(row), data_count: z.int() });

/** The response of a paginated endpoint; adds `next_cursor` and `has_more`. Wire protocol §3. */
export const page = <Row extends z.ZodType>(row: Row) =>
  z.looseObject({
    ...collection(row).shape,
    /** The `cursor` of the next page; `null` on the last page. */
    next_cursor: z.int().nullable(),
    has_more: z.boolean(),
  });
