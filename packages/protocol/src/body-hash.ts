import { hash } from 'node:crypto';
import { assertBytes } from './bytes.ts';

/** The body hash of a request without a body: SHA-256 of zero bytes. Contract §1.2. */
export const EMPTY_BODY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Lowercase hex SHA-256 of the body bytes on the wire. Contract §1.2.
 * Bytes only: a text would have to be encoded, a parsed body re-serialised, and either may differ from what is sent.
 *
 * @throws ProtocolError `invalid_body` for anything that is not a `Uint8Array` (a `Buffer` is one).
 */
export const bodySha256 = (body: Uint8Array): string => {
  assertBytes(body);
  return body.length === 0 ? EMPTY_BODY_SHA256 : hash('sha256', body, 'hex');
};
