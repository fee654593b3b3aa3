import { z } from 'zod';

/** What a verifier without state must answer. */
export const verdict = z.discriminatedUnion('accepted', [
  z.strictObject({ accepted: z.literal(true) }),
  z.strictObject({
    accepted: z.literal(false),
    /** A code of `REJECTIONS`. */
    code: z.string().regex(/^[a-z]+(?:_[a-z]+)*$/),
    status: z.int().min(400).max(599),
    message: z.string().min(1),
  }),
]);

/** Name and value as received: order, case and repeats kept. */
export const headerPairs = z.array(z.tuple([z.string(), z.string()]));

/** Whether the (first) signature header is what the sender signed, something else, or not there. */
export const signatureHeader = z.enum(['genuine', 'altered', 'missing']);
