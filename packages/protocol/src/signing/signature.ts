import { hmacSha256, isEqualText } from '#crypto';
import { assertString } from '../arguments.ts';
import { getHmacKey, type SigningKey } from './signing-key.ts';

const SIGNATURE = /^[0-9a-f]{64}$/;

/** Whether a text is a well-formed signature: exactly 64 lowercase hex digits. Wire protocol §1.1. */
export const isSignature = (text: string): boolean => typeof text === 'string' && SIGNATURE.test(text);

/**
 * Lowercase hex HMAC-SHA256 of a canonical string. Wire protocol §1.1.
 *
 * @throws ProtocolError `invalid_secret` (a key not made by `createSigningKey`) or `invalid_field` (not a
 * string).
 */
export const sign = (key: SigningKey, canonical: string): string => {
  assertString(canonical, 'canonical');
  return hmacSha256(getHmacKey(key), canonical);
};

/**
 * Whether a key made this signature of a canonical string. Accepts only 64 lowercase hex digits and compares
 * in constant time. A malformed signature costs the same as a wrong one. Wire protocol §1.1.
 *
 * @throws ProtocolError `invalid_secret` (a key not made by `createSigningKey`) or `invalid_field` (no
 * canonical string).
 */
export const verify = (key: SigningKey, canonical: string, signature: string): boolean =>
  isSameSignature(sign(key, canonical), signature);

/**
 * Compares a computed signature with a received one in constant time. Internal: not exported by the package.
 */
export const isSameSignature = (computed: string, received: string): boolean => {
  const isWellFormed = isSignature(received);
  return isEqualText(computed, isWellFormed ? received : computed) && isWellFormed;
};
