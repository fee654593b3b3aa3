import { hmac as createHmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha3_256 } from '@noble/hashes/sha3.js';
import { Buffer } from 'buffer/';

// What `@cpg/protocol/explain` takes from `node:crypto`, for browsers.

const HASHES = { md5, sha1, sha224, sha256, sha384, sha512, 'sha3-256': sha3_256 } as const;

const findHash = (algorithm: string) => HASHES[algorithm as keyof typeof HASHES];

// The package `buffer` lacks one encoding.
const toText = Buffer.prototype.toString;
Buffer.prototype.toString = function (this: Buffer, encoding?: string, ...range: number[]): string {
  if (encoding !== 'base64url') return toText.call(this, encoding, ...range);
  return toText.call(this, 'base64').replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};

export const digest = (algorithm: string, data: Uint8Array): Buffer => Buffer.from(findHash(algorithm)(data));

export const hmac =
  (algorithm: string) =>
  (key: Uint8Array, message: Uint8Array): Buffer =>
    Buffer.from(createHmac(findHash(algorithm), key, message));

export const exportHmacKey = (key: { export(): Uint8Array }): Buffer => Buffer.from(key.export());

/** Not in constant time: the reader of the page has the secret. */
export const timingSafeEqual = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index]);
