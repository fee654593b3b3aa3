import { z } from 'zod';

const pair = z.tuple([z.string(), z.string()]);
const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));

/** How an adapter introduces itself. */
export const helloAnswer = z.looseObject({
  name: z.string().min(1),
  language: z.string().optional(),
  version: z.string().optional(),
  roles: z.array(z.enum(['sign', 'verify', 'call', 'webhook'])),
  caps: z.array(z.string()).default([]),
});

export const signAnswer = z.union([
  z.looseObject({
    headers: z.array(pair),
    path: z.string().optional(),
    query: z.string().optional(),
    bodySha256: z.string().optional(),
    canonicalB64: base64.optional(),
  }),
  z.looseObject({ refused: z.string() }),
]);

export const verifyAnswer = z.looseObject({
  accepted: z.boolean(),
  status: z.int().optional(),
  message: z.string().optional(),
});

export const callAnswer = z.discriminatedUnion('ok', [
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

export type CallAnswer = z.output<typeof callAnswer>;

/** Reads an answer by its schema; the error names the faulty field and never shows a value. */
export const readAnswer = <Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> => {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => `${path.join('.') || 'answer'}: ${message}`);
  throw new Error(`the adapter's answer does not follow the protocol: ${fields.join('; ')}`);
};
