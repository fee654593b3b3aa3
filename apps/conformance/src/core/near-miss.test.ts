import { describe, expect, it } from 'vitest';
import { nearMiss } from './near-miss.ts';
import { canonicalOf, signatureOf } from './oracle.ts';

const request = { method: 'GET', target: '/v1/balances?network=ETH&currency=USDT', timestamp: '1747444800' };
const secret = 'a-secret-of-this-test';
const canonical = canonicalOf({ ...request, body: Buffer.alloc(0) });

describe('nearMiss', () => {
  it.each([
    ['a trailing line feed', `${canonical}\n`, /line feed|newline/i],
    ['a sorted query', canonical.replace('network=ETH&currency=USDT', 'currency=USDT&network=ETH'), /sort/i],
  ])('names %s', (_name, signed, expected) => {
    expect(nearMiss({ secret, signature: signatureOf(secret, signed), request })).toMatch(expected);
  });

  it.each([
    ['the right signature', secret, signatureOf(secret, canonical)],
    ['one that no known mistake makes', secret, 'ab'.repeat(32)],
    ['a secret that is no key', '', 'ab'.repeat(32)],
  ])('has nothing to say of %s', (_name, used, signature) => {
    expect(nearMiss({ secret: used, signature, request })).toBeUndefined();
  });
});
