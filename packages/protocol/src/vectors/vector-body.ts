import { z } from 'zod';

/** Bytes in base64; invalid UTF-8, NUL and byte order marks survive. */
export const base64Bytes = z.base64();

/** A body: base64, or one byte repeated so that a large body need not be written out. */
export const vectorBody = z.union([
  base64Bytes,
  z.strictObject({
    repeat: z.strictObject({
      byteHex: z.string().regex(/^[0-9a-f]{2}$/),
      count: z.int().positive().max(1_048_576),
    }),
  }),
]);
/** The bytes of a body: base64, or one byte many times. */
export type VectorBody = z.output<typeof vectorBody>;

/** The bytes of a vector's body. */
export const vectorBodyBytes = (body: VectorBody): Uint8Array =>
  typeof body === 'string'
    ? Buffer.from(body, 'base64')
    : Buffer.alloc(body.repeat.count, body.repeat.byteHex, 'hex');
