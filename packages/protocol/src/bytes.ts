import { ProtocolError } from './protocol-error.ts';

/**
 * Refuses a body that is not made of bytes, such as one that a JSON parser has already read.
 *
 * @throws ProtocolError `invalid_body` for anything that is not a `Uint8Array` (a `Buffer` is one).
 */
export const assertBytes: (body: unknown) => asserts body is Uint8Array = (body) => {
  if (body instanceof Uint8Array) return;
  throw new ProtocolError(
    'invalid_body',
    `Body must be a Uint8Array of the bytes on the wire: got ${body === null ? 'null' : typeof body}. A sender encodes it once with Buffer.from(text, 'utf8'), then signs and sends that buffer; a receiver keeps the raw bytes, e.g. with express.raw().`,
  );
};
