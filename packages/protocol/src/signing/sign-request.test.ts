import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejection } from '../rejections.ts';
import { bodySha256, canonicalString } from './canonical-string.ts';
import { parseRequestTarget } from './request-target.ts';
import { type RequestToSign, signRequest } from './sign-request.ts';
import { verify } from './signature.ts';
import { createSigningKey } from './signing-key.ts';

const key = createSigningKey('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION');
const request: RequestToSign = {
  keyId: 'ck_demo_full',
  key,
  method: 'GET',
  target: '/v1/balances?currency=USDT&network=ETH',
  timestamp: 1747444800,
};

describe('signRequest', () => {
  // Expected values: openssl.
  it('gives the headers and every intermediate value of the worked example', () => {
    expect(signRequest(request)).toStrictEqual({
      headers: {
        'X-CPG-Key': 'ck_demo_full',
        'X-CPG-Timestamp': '1747444800',
        'X-CPG-Signature': 'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
      },
      method: 'GET',
      target: '/v1/balances?currency=USDT&network=ETH',
      timestamp: '1747444800',
      path: '/v1/balances',
      query: 'currency=USDT&network=ETH',
      bodySha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      canonical:
        '1747444800\nGET\n/v1/balances\ncurrency=USDT&network=ETH\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      signature: 'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
    });
  });

  it('signs the bytes of a body, and a method in upper case', () => {
    const body = Buffer.from(
      '{"currency":"USDT","network":"ETH","to_address":"0x52908400098527886E0F7030069857D2E4169EE7","amount":"100"}',
    );
    expect(signRequest({ ...request, method: 'post', target: '/v1/withdrawals', body })).toMatchObject({
      method: 'POST',
      query: '',
      bodySha256: 'bcb269c855febc92858d236ef473903ace24057aa72b712a2fc16c629dd09732',
      signature: 'a8e3bca0a09caf1b6168d789269ebae1b56bfc3acc6d119a40fdf4a2b40eb926',
    });
  });

  it.each([
    [
      { keyId: 'a secret in its place' },
      'invalid_key_id',
      'Key id must be 1–128 characters of A-Z a-z 0-9 _ - . : got another text.',
    ],
    [{ keyId: undefined }, 'invalid_key_id', 'got undefined.'],
    [{ method: 'GET ' }, 'invalid_method', 'Method must be letters A-Z only: got "GET ".'],
    [{ method: '' }, 'invalid_method', 'got "".'],
    [{ method: 'poſt' }, 'invalid_method', 'got "poſt".'],
    [{ method: undefined }, 'invalid_method', 'got undefined.'],
    [
      { target: 'https://api.example.com/v1/balances' },
      'invalid_target',
      'Target must be a path with an optional query as sent on the wire, e.g. /v1/balances?currency=USDT: got "https://api.example.com/v1/balances".',
    ],
    [{ timestamp: 1747444800.5 }, 'invalid_timestamp', 'got 1747444800.5.'],
    [{ body: '{}' }, 'invalid_body', 'got string.'],
    [{ key: 'a secret' }, 'invalid_secret', 'Key must come from createSigningKey(secret): got string.'],
  ])('rejects %o', (change, code, message) => {
    expect(() => signRequest({ ...request, ...change } as RequestToSign)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('a signed request', () => {
  const targetCharacter = fc
    .integer({ min: 0x21, max: 0x7e })
    .map((code) => String.fromCharCode(code))
    .filter((character) => character !== '#' && character !== '\\');
  const target = fc.string({ unit: targetCharacter }).map((text) => `/v1${text}`);
  const signable = fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    target,
    timestamp: fc.integer({ min: 0, max: 999_999_999_999_999 }),
    body: fc.uint8Array({ maxLength: 64 }),
  });

  it('verifies the received bytes', () => {
    fc.assert(
      fc.property(signable, (given) => {
        const signed = signRequest({ ...request, ...given });
        expect(isAuthentic({ ...given, timestamp: signed.timestamp }, signed.signature)).toBe(true);
      }),
    );
  });

  it('does not verify after any single byte of a covered field changed', () => {
    const change = fc.record({
      field: fc.constantFrom('timestamp', 'method', 'target', 'body'),
      at: fc.nat(),
      by: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(signable, change, (given, { field, at, by }) => {
        const signed = signRequest({ ...request, ...given });
        const wire = { ...given, timestamp: signed.timestamp };
        const original = Buffer.from(wire[field as keyof typeof wire]);
        fc.pre(original.length > 0);
        const bytes = Buffer.from(original);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] as number) ^ by;
        const changed = { ...wire, [field]: field === 'body' ? bytes : bytes.toString('latin1') };
        // A bare trailing `?` is the one byte that carries nothing: wire protocol §1.2.
        fc.pre(canonicalTarget(changed.target) !== canonicalTarget(wire.target) || field !== 'target');
        expect(isAuthentic(changed, signed.signature)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  interface Wire {
    readonly method: string;
    readonly target: string;
    readonly timestamp: string;
    readonly body: Uint8Array;
  }

  const canonicalTarget = (text: string) => text.replace(/^([^?]*)\?$/, '$1');

  const isAuthentic = (wire: Wire, signature: string): boolean => {
    const parsed = parseRequestTarget(wire.target);
    if (isRejection(parsed) || /\n/.test(wire.timestamp + wire.method)) return false;
    const { timestamp, method, body } = wire;
    return verify(
      key,
      canonicalString({ timestamp, method, ...parsed, bodySha256: bodySha256(body) }),
      signature,
    );
  };
});
