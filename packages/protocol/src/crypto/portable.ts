import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

// `#crypto` where there is no `node:crypto`: browsers, and workers without it. WebCrypto cannot replace it,
// because its functions are asynchronous.

// A registered symbol: the ESM and the CJS copy of this package accept each other's keys.
const STATE = Symbol.for('cpg.protocol.portable-hmac-key');

/** A secret as a key for HMAC-SHA256; printing it does not show its bytes. */
export interface HmacKey {
  /** The bytes of the secret. */
  export(): Uint8Array;
}

/** The part of a hash of `@noble/hashes` that is used. */
interface StartedHash {
  clone(): StartedHash;
  update(data: Uint8Array): StartedHash;
  digest(): Uint8Array;
}

interface KeyState {
  /** The hash after the padded key, which is cloned for each message. */
  readonly started: StartedHash;
}

const encoder = new TextEncoder();

/** Creates an HMAC key from the UTF-8 bytes of a secret. */
export const createHmacKey = (secret: string): HmacKey => createHmacKeyOfBytes(encoder.encode(secret));

/** Creates an HMAC key from the bytes of a secret. */
export const createHmacKeyOfBytes = (secret: Uint8Array): HmacKey => {
  const state: KeyState = { started: hmac.create(sha256, secret) };
  // Not enumerable, so that printing the key does not show them.
  return Object.defineProperties({} as HmacKey, {
    [STATE]: { value: state },
    export: { value: () => secret.slice() },
  });
};

/** Whether a value came from {@link createHmacKey}. */
export const isHmacKey = (value: unknown): value is HmacKey =>
  typeof value === 'object' && value !== null && STATE in value;

/** A secret that cannot be guessed. */
export const createRandomSecret = (): string => bytesToHex(crypto.getRandomValues(new Uint8Array(16)));

/** Lowercase hex SHA-256. */
export const sha256Hex = (data: Uint8Array): string => bytesToHex(sha256(data));

/** Compares two ASCII texts of equal length in constant time. */
export const isEqualText = (left: string, right: string): boolean => {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return difference === 0;
};

/** Lowercase hex HMAC-SHA256. */
export const hmacSha256 = (key: HmacKey, message: string | Uint8Array): string =>
  bytesToHex(
    start(key)
      .update(typeof message === 'string' ? encoder.encode(message) : message)
      .digest(),
  );

/** Lowercase hex HMAC-SHA256 over an ASCII text followed by bytes. */
export const hmacSha256OfParts = (key: HmacKey, head: string, tail: Uint8Array): string =>
  bytesToHex(start(key).update(encoder.encode(head)).update(tail).digest());

const start = (key: HmacKey): StartedHash =>
  (key as HmacKey & { readonly [STATE]: KeyState })[STATE].started.clone();
