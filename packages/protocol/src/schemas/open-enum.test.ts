import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type OpenEnum, openEnum } from './open-enum.ts';

const status = openEnum(['active', 'expired']);

it.each(['active', 'expired', 'a later one', ''])('accepts %j', (value) => {
  expect(status.parse(value)).toBe(value);
});

it.each([5, null, undefined])('refuses %j', (value) => {
  expect(status.safeParse(value).success).toBe(false);
});

it('documents the known values', () => {
  expect(z.toJSONSchema(status)).toMatchObject({
    type: 'string',
    'x-extensible-enum': ['active', 'expired'],
  });
  expectTypeOf(status).toEqualTypeOf<z.ZodType<OpenEnum<'active' | 'expired'>>>();
});
