import { createHmac, hash, type KeyObject } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Canonical strings are a few hundred bytes; what is longer takes the ordinary way. */
const LARGEST_BYTES = 4096;
const BYTES_PER_CHARACTER = 3;

interface Pads {
  readonly inner: Uint8Array;
  /** Room for the inner digest behind the pad. */
  readonly outer: Buffer;
}

const padsByKey = new WeakMap<KeyObject, Pads>();
const scratch = Buffer.alloc(BLOCK_BYTES + LARGEST_BYTES);

/**
 * Lowercase hex HMAC-SHA256. Internal: not exported by the package.
 *
 * RFC 2104 spelt out over one-shot `crypto.hash`: it takes some 60 % of the time of `createHmac`, which makes a native
 * object a call that the collector must finalise. The buffers are shared by all calls; nothing in here waits.
 */
export const hmacSha256 = (key: KeyObject, message: string | Uint8Array): string => {
  const isText = typeof message === 'string';
  if (message.length * (isText ? BYTES_PER_CHARACTER : 1) > LARGEST_BYTES) {
    return createHmac('sha256', key).update(message).digest('hex');
  }
  const { inner, outer } = padsOf(key);
  scratch.set(inner);
  const length = isText ? scratch.write(message, BLOCK_BYTES, 'utf8') : message.length;
  if (!isText) scratch.set(message, BLOCK_BYTES);
  const digest = hash('sha256', scratch.subarray(0, BLOCK_BYTES + length), 'binary');
  outer.write(digest, BLOCK_BYTES, 'latin1');
  return hash('sha256', outer, 'hex');
};

const padsOf = (key: KeyObject): Pads => {
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
