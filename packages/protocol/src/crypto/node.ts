import {
  createHmac,
  createSecretKey,
  hash,
  KeyObject,
  timingSafeEqual as nodeTimingSafeEqual,
  randomUUID,
} from 'node:crypto';

// The seam to the platform's cryptography, `#crypto` in package.json: this file in Node.js, Bun and Deno, and
// portable.ts elsewhere. Both export the same functions, except those that only `explain` uses.

/** A secret as a key for HMAC-SHA256; printing it does not show its bytes. */
export type HmacKey = KeyObject;

/** Creates an HMAC key from the UTF-8 bytes of a secret. */
export const createHmacKey = (secret: string): HmacKey => createSecretKey(secret, 'utf8');

/** Whether a value came from {@link createHmacKey}. */
export const isHmacKey = (value: unknown): value is HmacKey => value instanceof KeyObject;

/** The bytes of a key's secret; only for explaining wrong signatures. */
export const exportHmacKey = (key: { export(): Uint8Array }): Buffer => Buffer.from(key.export());

/** A secret that cannot be guessed. */
export const createRandomSecret = (): string => randomUUID();

/** Lowercase hex SHA-256. */
export const sha256Hex = (data: Uint8Array): string => hash('sha256', data, 'hex');

/** Compares two ASCII texts of equal length in constant time. */
export const isEqualText = (left: string, right: string): boolean =>
  timingSafeEqual(Buffer.from(left, 'latin1'), Buffer.from(right, 'latin1'));

/** Compares two buffers of equal length in constant time. */
export const timingSafeEqual = (left: Uint8Array, right: Uint8Array): boolean =>
  nodeTimingSafeEqual(left, right);

/** Lowercase hex HMAC-SHA256 over an ASCII text followed by bytes. */
export const hmacSha256OfParts = (key: HmacKey, head: string, tail: Uint8Array): string =>
  createHmac('sha256', key).update(head, 'latin1').update(tail).digest('hex');

/** A plain hash, by its OpenSSL name; only for explaining wrong signatures. */
export const digest = (algorithm: string, data: Uint8Array): Buffer => hash(algorithm, data, 'buffer');

// Node takes five times as long when the key is bytes, and most mistakes do not change the key.
const keysOfBytes = new WeakMap<Buffer, KeyObject>();

/** An HMAC with any hash function, by its OpenSSL name; only for explaining wrong signatures. */
export const hmac =
  (algorithm: string) =>
  (key: Buffer, message: Buffer): Buffer => {
    const keyObject = keysOfBytes.get(key) ?? createSecretKey(key);
    keysOfBytes.set(key, keyObject);
    return createHmac(algorithm, keyObject).update(message).digest();
  };

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Canonical strings are a few hundred bytes; longer messages use `createHmac`. */
const MAX_ONE_SHOT_BYTES = 4096;
const BYTES_PER_CHARACTER = 3;

interface Pads {
  readonly inner: Uint8Array;
  /** Room for the inner digest behind the pad. */
  readonly outer: Buffer;
}

const padsByKey = new WeakMap<HmacKey, Pads>();
const scratch = Buffer.alloc(BLOCK_BYTES + MAX_ONE_SHOT_BYTES);

/**
 * Lowercase hex HMAC-SHA256. Internal: not exported by the package.
 *
 * RFC 2104 over one-shot `crypto.hash` takes about 60 % of the time of `createHmac`, which creates a native object
 * for each call that the garbage collector must finalise. All calls share the buffers; the function is synchronous.
 */
export const hmacSha256 = (key: HmacKey, message: string | Uint8Array): string => {
  const isText = typeof message === 'string';
  if (message.length * (isText ? BYTES_PER_CHARACTER : 1) > MAX_ONE_SHOT_BYTES) {
    return createHmac('sha256', key).update(message).digest('hex');
  }
  const { inner, outer } = getPads(key);
  scratch.set(inner);
  const length = isText ? scratch.write(message, BLOCK_BYTES, 'utf8') : message.length;
  if (!isText) scratch.set(message, BLOCK_BYTES);
  const digest = hash('sha256', scratch.subarray(0, BLOCK_BYTES + length), 'binary');
  outer.write(digest, BLOCK_BYTES, 'latin1');
  return hash('sha256', outer, 'hex');
};

const getPads = (key: HmacKey): Pads => {
  const known = padsByKey.get(key);
  if (known !== undefined) return known;
  const secret = key.export();
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret);
  const pads = {
    inner: block.map((byte) => byte ^ 0x36),
    outer: Buffer.concat([block.map((byte) => byte ^ 0x5c)], BLOCK_BYTES + DIGEST_BYTES),
  };
  padsByKey.set(key, pads);
  return pads;
};
