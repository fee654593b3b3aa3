import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatIssues, plural, wireMessage } from './wire-message.ts';

const explain = (schema: z.ZodType, input: unknown): string => {
  const result = schema.safeParse(input, { error: wireMessage });
  return result.success ? 'valid' : formatIssues(result.error.issues);
};

describe('wireMessage', () => {
  it.each([
    [z.string(), undefined, 'body: Field required'],
    [z.string(), 5, 'body: Input should be a valid string'],
    [z.number(), 'x', 'body: Input should be a valid number'],
    [z.int(), 1.5, 'body: Input should be a valid integer'],
    [z.boolean(), 1, 'body: Input should be a valid boolean'],
    [z.object({}), [], 'body: Input should be an object'],
    [z.array(z.string()), {}, 'body: Input should be a valid array'],
    [z.number().gt(0), 0, 'body: Input should be greater than 0'],
    [z.number().min(1), 0, 'body: Input should be greater than or equal to 1'],
    [z.number().lt(9), 9, 'body: Input should be less than 9'],
    [z.number().max(9), 10, 'body: Input should be less than or equal to 9'],
    [z.string().min(10), 'x', 'body: String should have at least 10 characters'],
    [z.string().min(1), '', 'body: String should have at least 1 character'],
    [z.string().max(2), 'xxx', 'body: String should have at most 2 characters'],
    [z.enum(['a']), 'x', "body: Input should be 'a'"],
    [z.enum(['a', 'b']), 'x', "body: Input should be 'a' or 'b'"],
    [z.enum(['a', 'b', 'c']), 'x', "body: Input should be 'a', 'b' or 'c'"],
    [z.union([z.string(), z.number()]), true, 'body: Input should be a valid string or number'],
    [z.string().regex(/a/), 'x', 'body: Input should be valid'],
    [z.string().regex(/a/, { error: 'Its own words' }), 'x', 'body: Its own words'],
  ])('%#: %s', (schema, input, message) => {
    expect(explain(schema, input)).toBe(message);
  });
});

describe('formatIssues', () => {
  const schema = z.strictObject({
    to_address: z.string().min(10).startsWith('0x'),
    amount: z.number(),
    nested: z.object({ rows: z.array(z.int()) }).optional(),
  });

  it('names every faulty field once, in the order of the schema, unknown ones last', () => {
    expect(explain(schema, { extra: 1, amount: 'x', to_address: 'abc', other: 2 })).toBe(
      'to_address: String should have at least 10 characters; amount: Input should be a valid number; extra: Unexpected field; other: Unexpected field',
    );
  });

  it('writes the path of a nested field', () => {
    expect(explain(schema, { to_address: '0x12345678', amount: 1, nested: { rows: [1, 'x'] } })).toBe(
      'nested.rows.1: Input should be a valid number',
    );
  });
});

it.each([
  [0, '0 rows'],
  [1, '1 row'],
  [1n, '1 row'],
  [2, '2 rows'],
])('plural of %d', (count, expected) => {
  expect(plural(count, 'row')).toBe(expected);
});
