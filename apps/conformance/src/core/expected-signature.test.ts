import { describe, expect, it } from 'vitest';
import { computeSignature, createCanonicalString, findKnownMistake } from './expected-signature.ts';

describe('expected signature', () => {
  const canonical = createCanonicalString({
    timestamp: '1747444800',
    method: 'GET',
    target: '/v1/balances?currency=USDT&network=ETH?x',
    body: Buffer.alloc(0),
  });

  it('writes five fields, split at the first question mark', () => {
    expect(canonical).toBe(
      '1747444800\nGET\n/v1/balances\ncurrency=USDT&network=ETH?x\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  // printf '%s' "$canonical" | openssl dgst -sha256 -hmac cpg-example-secret-DO-NOT-USE-IN-PRODUCTION
  it('signs as openssl does', () => {
    expect(computeSignature('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION', canonical)).toBe(
      '63f723d643c11ff143f8b2db23803ebc8e5cb8e13cff61c032bf70d59d669458',
    );
  });
});

const request = { method: 'GET', target: '/v1/balances?network=ETH&currency=USDT', timestamp: '1747444800' };
const secret = 'a-secret-of-this-test';
const canonical = createCanonicalString({ ...request, body: Buffer.alloc(0) });

describe('nearMiss', () => {
  it.each([
    ['a trailing line feed', `${canonical}\n`, /line feed|newline/i],
    ['a sorted query', canonical.replace('network=ETH&currency=USDT', 'currency=USDT&network=ETH'), /sort/i],
  ])('names %s', (_name, signed, expected) => {
    expect(findKnownMistake({ secret, signature: computeSignature(secret, signed), request })).toMatch(
      expected,
    );
  });

  it.each([
    ['the right signature', secret, computeSignature(secret, canonical)],
    ['one that no known mistake makes', secret, 'ab'.repeat(32)],
    ['a secret that is no key', '', 'ab'.repeat(32)],
  ])('has nothing to say of %s', (_name, used, signature) => {
    expect(findKnownMistake({ secret: used, signature, request })).toBeUndefined();
  });
});
