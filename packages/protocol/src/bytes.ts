import { typeName } from './arguments.ts';
import { ProtocolError } from './protocol-error.ts';

// The one test that a Uint8Array of another realm passes, and that no proxy or prototype can pretend to.
const readTypedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether a value is a `Uint8Array`, of this realm or another one. */
export const isBytes = (value: unknown): value is Uint8Array =>
  readTypedArrayTag.call(value) === 'Uint8Array';

/**
 * Refuses a body that is not made of bytes, such as one that a JSON parser has already read.
 *
 * @throws ProtocolError `invalid_body` for anything that is not a `Uint8Array` (a `Buffer` is one).
 */
export const assertBytes: (body: unknown) => asserts body is Uint8Array = (body) => {
  if (isBytes(body)) return;
  throw new ProtocolError(
    'invalid_body',
    `Body must be a Uint8Array of the bytes on the wire: got ${typeName(body)}. A sender encodes it once with Buffer.from(text, 'utf8'), then signs and sends that buffer; a receiver keeps the raw bytes, e.g. with express.raw().`,
  );
};
