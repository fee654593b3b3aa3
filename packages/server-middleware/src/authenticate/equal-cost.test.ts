import type * as crypto from 'node:crypto';
import { createSigningKey } from '@cpg/protocol';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { testKey } from '../../test/keys.ts';

/** Calls into node:crypto, by what they do: an HMAC is one `createHmac`, or two one-shot hashes. */
const calls = vi.hoisted(() => ({ hmac: 0, hash: 0, compare: 0 }));

// Spies that count and pass on: what is computed stays real.
vi.mock('node:crypto', async (importOriginal) => {
  const real = await importOriginal<typeof crypto>();
  return {
    ...real,
    createHmac: (...args: Parameters<typeof real.createHmac>) => {
      calls.hmac += 1;
      return real.createHmac(...args);
    },
    hash: (...args: Parameters<typeof real.hash>) => {
      calls.hash += 1;
      return real.hash(...args);
    },
    timingSafeEqual: (...args: Parameters<typeof real.timingSafeEqual>) => {
      calls.compare += 1;
      return real.timingSafeEqual(...args);
    },
  };
});

const { checkSignature } = await import('./checks.ts');
const { sign } = await import('@cpg/protocol');

const CANONICAL = '1747444800\nGET\n/v1/_ping\n\ne3b0';
const first = createSigningKey('first');
const second = createSigningKey('second');
const forged = sign(createSigningKey('other'), CANONICAL);

describe('checkSignature', () => {
  const reset = () => Object.assign(calls, { hmac: 0, hash: 0, compare: 0 });
  beforeEach(reset);

  it.each([
    ['an unknown key', undefined, forged],
    ['a key with one secret', testKey({ signingKeys: [first] }), forged],
    ['a key with two secrets', testKey({ signingKeys: [first, second] }), forged],
    ['a revoked key and a forgery', testKey({ signingKeys: [first], revoked: true }), forged],
    [
      'a revoked key and its own signature',
      testKey({ signingKeys: [first], revoked: true }),
      sign(first, CANONICAL),
    ],
    ['a malformed signature', testKey({ signingKeys: [first] }), 'zz'],
    ['a malformed signature of an unknown key', undefined, ''],
    ['an upper-case signature', testKey({ signingKeys: [first] }), sign(first, CANONICAL).toUpperCase()],
  ])('costs two HMACs and two comparisons to refuse %s', (_what, key, signature) => {
    reset();
    expect(checkSignature(key, CANONICAL, signature)).toBe(false);
    expect({ hmacs: calls.hmac + calls.hash / 2, compare: calls.compare }).toEqual({ hmacs: 2, compare: 2 });
  });

  it('accepts either of two secrets', () => {
    const key = testKey({ signingKeys: [first, second] });
    expect(checkSignature(key, CANONICAL, sign(first, CANONICAL))).toBe(true);
    expect(checkSignature(key, CANONICAL, sign(second, CANONICAL))).toBe(true);
  });
});
