import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { createSigningKey, isRejection, REJECTIONS, verifyRequest } from '@cpg/protocol';
import { createSignature, NOW, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import type { CpgKey } from '../keys/key-store.ts';
import { authenticate } from './authenticate.ts';

/** Calls into node:crypto, by what they do: an HMAC is one `createHmac`, or two one-shot hashes. */
const calls = { hmac: 0, hash: 0, compare: 0 };

// Counts calls and passes them on: the results stay real. Imports of node:crypto by name follow after the synchronisation.
const { createHmac, hash, timingSafeEqual } = crypto;
beforeAll(() => {
  crypto.createHmac = (...parameters) => {
    calls.hmac += 1;
    return createHmac(...parameters);
  };
  crypto.hash = ((...parameters: Parameters<typeof hash>) => {
    calls.hash += 1;
    return hash(...parameters);
  }) as typeof hash;
  crypto.timingSafeEqual = (...parameters) => {
    calls.compare += 1;
    return timingSafeEqual(...parameters);
  };
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(crypto, { createHmac, hash, timingSafeEqual });
  syncBuiltinESMExports();
});

const first = createSigningKey('first');
const second = createSigningKey('second');
const ofFirst = createSignature({ secret: 'first' });
const ofSecond = createSignature({ secret: 'second' });
const forged = createSignature({ secret: 'other' });

type Outcome = Awaited<ReturnType<typeof authenticate>> | ReturnType<typeof verifyRequest>;

/** Both entry points to the checks of wire protocol §2.1, with a key store that holds one key, or none. */
const ENTRY_POINTS: Readonly<
  Record<string, (key: CpgKey | undefined, signature: string) => Outcome | Promise<Outcome>>
> = {
  authenticate: (key, signature) => {
    const clock = () => NOW * 1000;
    return authenticate(
      {
        method: 'GET',
        target: '/v1/_ping',
        rawHeaders: rawHeaders(signature),
        clientIp: () => undefined,
        readBody: () => Buffer.alloc(0),
      },
      { keys: { find: () => key }, store: memoryStore({ clock }), clock },
    );
  },
  verifyRequest: (key, signature) =>
    verifyRequest({
      method: 'GET',
      target: '/v1/_ping',
      headers: rawHeaders(signature),
      body: Buffer.alloc(0),
      keys: new Map(key === undefined || key.revoked === true ? [] : [[key.keyId, key.signingKeys]]),
      now: NOW,
    }),
};

const rawHeaders = (signature: string): readonly string[] => [
  'X-CPG-Key',
  'ck_full',
  'X-CPG-Timestamp',
  String(NOW),
  'X-CPG-Signature',
  signature,
];

describe.each(Object.entries(ENTRY_POINTS))('%s', (_name, check) => {
  // The padded secret of a key is computed once.
  const warmUp = async () => {
    await check(testKey({ signingKeys: [first, second] }), forged);
    await check(undefined, forged);
  };
  beforeEach(async () => {
    await warmUp();
    Object.assign(calls, { hmac: 0, hash: 0, compare: 0 });
  });

  it.each([
    ['an unknown key', undefined, forged],
    ['a key with one secret', testKey({ signingKeys: [first] }), forged],
    ['a key with two secrets', testKey({ signingKeys: [first, second] }), forged],
    ['a revoked key and a forgery', testKey({ signingKeys: [first], revoked: true }), forged],
    ['a revoked key and its own signature', testKey({ signingKeys: [first], revoked: true }), ofFirst],
    ['a malformed signature', testKey({ signingKeys: [first] }), 'zz'],
    ['a malformed signature of an unknown key', undefined, 'zz'],
    ['an upper-case signature', testKey({ signingKeys: [first] }), ofFirst.toUpperCase()],
  ])('costs two HMACs and two comparisons to reject %s', async (_what, key, signature) => {
    expect(await check(key, signature)).toBe(REJECTIONS.invalid_signature);
    const hmacs = calls.hmac + calls.hash / 2;
    expect({ hmacs, compare: calls.compare }).toEqual({ hmacs: 2, compare: 2 });
  });

  it('accepts either of two secrets', async () => {
    const key = testKey({ signingKeys: [first, second] });
    expect(isRejection(await check(key, ofFirst))).toBe(false);
    expect(isRejection(await check(key, ofSecond))).toBe(false);
  });
});
