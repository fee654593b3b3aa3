import type * as core from 'zod/v4/core';
import * as z from 'zod/v4-mini';
import { DECIMAL_STRING, formatNumber } from '../decimal-string.ts';
import type { CollectionEnvelope, PageEnvelope, SuccessEnvelope } from '../envelope.ts';
import type { Schema } from './schema.ts';
import { plural } from './wire-message.ts';

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
// Code points, as databases and other languages count them, not UTF-16 units.
const countCharacters = (text: string): number => [...text].length;

/**
 * A text in a request: bounded in length, well-formed Unicode, no NUL. Databases would store other texts
 * changed, and two different texts could become equal.
 */
export const wireText = (minimum: number, maximum: number): Schema<string, string> =>
  z
    .string()
    .check(
      z.refine((text) => countCharacters(text) >= minimum, {
        error: `String should have at least ${plural(minimum, 'character')}`,
        abort: true,
      }),
      z.refine((text) => countCharacters(text) <= maximum, {
        error: `String should have at most ${plural(maximum, 'character')}`,
        abort: true,
      }),
      z.refine(isStorable, { error: 'String should be well-formed Unicode without NUL', abort: true }),
    )
    .register(z.globalRegistry, { minLength: minimum, maxLength: maximum });

type Read<Value> = { readonly value: Value } | { readonly issue: string };

/** A schema that reads a value of another type, and says in one sentence why it cannot. */
const convert = <Input, Output>(
  from: Schema<Input, Input>,
  read: (input: Input) => Read<Output>,
  meta: core.GlobalMeta,
): Schema<Output, Input> =>
  z
    .pipe(
      from,
      z.transform((input: Input, payload) => {
        const result = read(input);
        if ('value' in result) return result.value;
        payload.issues.push({ code: 'custom', input, message: result.issue });
        return z.NEVER;
      }),
    )
    .register(z.globalRegistry, meta) as unknown as Schema<Output, Input>;

const ID = /^[1-9][0-9]{0,18}$/;

/**
 * An id in a request: `[1-9][0-9]{0,18}`. Callers may pass a number. It is kept as text: an id may exceed the
 * integers that a JavaScript number can hold. Wire protocol §4.
 */
export const requestId = convert<string | number | bigint, string>(
  z.union([z.string(), z.number(), z.bigint()]),
  (input) => {
    const text = String(input);
    return ID.test(text) ? { value: text } : { issue: 'Input should be a valid integer' };
  },
  { type: 'integer', format: 'int64', minimum: 1 },
);

/** An id in a response. Wire protocol §4. */
export const integerId: Schema<number, number> = z.int();

/** A count in a response. */
export const integer: Schema<number, number> = z.int();

const MAX_DIGITS = 38;
const UNSIGNED_DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;
// A double preserves every decimal of up to 15 significant digits.
const SAFE_DIGITS = 15;

// Leading zeros of a fraction count: a database column has a fixed number of decimal places.
const countDigits = (text: string): number => text.replace(/^0?\.|\./, '').length;
const countSignificantDigits = (text: string): number => text.replace('.', '').replace(/^0+/, '').length;

/** An amount in a response: a plain decimal string, strictly. Wire protocol §3. */
export const decimalString: Schema<string, string> = z
  .string()
  .check(z.regex(DECIMAL_STRING, { error: 'Input should be a plain decimal string' }));

/**
 * An amount in a request: a decimal string, or a JSON number of at most 15 significant digits; greater than
 * 0, at most 38 digits. Parses to a decimal string without exponent. A string is exact. A number has been
 * rounded by `JSON.parse` already: digits that it dropped (1.00000000000000000001 becomes 1) cannot be
 * detected. In TypeScript an amount is a string, so that a number is a compile error. Wire protocol §4.6.
 */
export const requestAmount = convert<string | number, string>(
  z.union([z.string(), z.number()]),
  (input) => {
    const text = typeof input === 'number' ? formatNumber(input) : input;
    const issue = findAmountIssue(text, typeof input === 'number');
    return issue === undefined ? { value: text } : { issue };
  },
  {
    description:
      'Greater than 0, at most 38 digits. Write a decimal string. A JSON number is read as a double and rejected when it has more than 15 significant digits; digits dropped by the JSON parser are not detected.',
  },
) as Schema<string, string>;

const findAmountIssue = (text: string, wasNumber: boolean): string | undefined => {
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  if (!UNSIGNED_DECIMAL.test(unsigned)) return 'Input should be a valid decimal string';
  if (text.startsWith('-') || !/[1-9]/.test(text)) return 'Input should be greater than 0';
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
export const queryInteger = ({
  minimum,
  maximum,
}: {
  readonly minimum: number;
  readonly maximum: number;
}): Schema<number, string | number> =>
  convert<string | number, number>(
    z.union([z.string(), z.number()]),
    (input) => {
      const issue = findIntegerIssue(String(input), minimum, maximum);
      return issue === undefined ? { value: Number(input) } : { issue };
    },
    { type: 'integer', minimum, maximum },
  );

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
): Schema<OpenEnum<Known[number]>, OpenEnum<Known[number]>> =>
  z.string().register(z.globalRegistry, { 'x-extensible-enum': known });

const SUCCESS = { success: z.literal(true), message: z.string() };

/** The response of an endpoint that returns one object. Unknown fields are kept. Wire protocol §3. */
export const single = <Data>(data: Schema<Data>): Schema<SuccessEnvelope<Data>> =>
  z.looseObject({ ...SUCCESS, data }) as unknown as Schema<SuccessEnvelope<Data>>;

const rowsOf = <Row>(row: Schema<Row>) => ({ ...SUCCESS, data: z.array(row), data_count: integer });

/** The response of an endpoint that returns rows; adds `data_count`. Wire protocol §3. */
export const collection = <Row>(row: Schema<Row>): Schema<CollectionEnvelope<Row>> =>
  z.looseObject(rowsOf(row)) as unknown as Schema<CollectionEnvelope<Row>>;

/** The response of a paginated endpoint; adds `next_cursor` and `has_more`. Wire protocol §3. */
export const page = <Row>(row: Schema<Row>): Schema<PageEnvelope<Row>> =>
  z.looseObject({
    ...rowsOf(row),
    next_cursor: z.nullable(integer),
    has_more: z.boolean(),
  }) as unknown as Schema<PageEnvelope<Row>>;
