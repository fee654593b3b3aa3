import { z } from 'zod';
import { readGuarded } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';

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

/**
 * The bytes of a vector's body.
 *
 * @throws ProtocolError `invalid_body` for anything but base64, or a byte and how often it is repeated.
 */
export const vectorBodyBytes = (body: VectorBody): Uint8Array => {
  const read = readGuarded('body', () => vectorBody.safeParse(body));
  if (!read.success) {
    throw new ProtocolError(
      'invalid_body',
      'The body of a vector must be base64, or { repeat: { byteHex, count } }.',
    );
  }
  const { data } = read;
  return typeof data === 'string'
    ? Buffer.from(data, 'base64')
    : Buffer.alloc(data.repeat.count, data.repeat.byteHex, 'hex');
};
