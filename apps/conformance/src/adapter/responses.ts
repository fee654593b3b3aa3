import { z } from 'zod';
import { ImplementationFailure } from '../core/checker.ts';

const pair = z.tuple([z.string(), z.string()]);
const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));

/** Optional capabilities beside the roles. An unknown name is rejected, since a typo would hide cases. */
const CAPABILITIES = ['stages', 'clock', 'text-ids', 'transactions', 'timeout'] as const;

/** How an adapter introduces itself. */
export const helloResponse = z.looseObject({
  name: z.string().min(1),
  language: z.string().optional(),
  version: z.string().optional(),
  roles: z.array(z.enum(['sign', 'verify', 'call', 'webhook'])).min(1, 'must name at least one role'),
  caps: z.array(z.enum(CAPABILITIES)).default([]),
});

export const signResponse = z.union([
  z.looseObject({
    headers: z.array(pair),
    path: z.string().optional(),
    query: z.string().optional(),
    bodySha256: z.string().optional(),
    canonicalB64: base64.optional(),
  }),
  z.looseObject({ refused: z.string() }),
]);

export const verifyResponse = z.looseObject({
  accepted: z.boolean(),
  status: z.int().optional(),
  message: z.string().optional(),
});

export const callResponse = z.discriminatedUnion('ok', [
  z.looseObject({ ok: z.literal(true), data: z.unknown().optional(), elapsed: z.number().optional() }),
  z.looseObject({
    ok: z.literal(false),
    error: z.looseObject({
      kind: z.string(),
      status: z.int().nullish(),
      message: z.string(),
    }),
    elapsed: z.number().optional(),
  }),
]);

export type CallResult = z.output<typeof callResponse>;

/** For a response that matches no alternative, the issues of the first one. */
const flatten = (issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] =>
  issue.code === 'invalid_union' && issue.errors[0] !== undefined
    ? issue.errors[0].flatMap(flatten)
    : [issue];

/** Parses a response. The error names the invalid field and never shows a value. */
export const parseResponse = <Schema extends z.ZodType>(
  schema: Schema,
  response: unknown,
): z.output<Schema> => {
  const result = schema.safeParse(response);
  if (result.success) return result.data;
  const fields = result.error.issues
    .flatMap(flatten)
    .map(({ path, message }) => `${path.join('.') || 'response'}: ${message}`);
  throw new ImplementationFailure(
    `the adapter's response does not follow the protocol: ${fields.join('; ')}`,
    { what: 'response of the adapter', expected: 'the fields of docs/adapter-protocol.md' },
  );
};
