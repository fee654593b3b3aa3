import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REJECTIONS } from '../rejections.ts';
import { signRequest } from '../signing/sign-request.ts';
import { createSigningKey } from '../signing/signing-key.ts';
import { signWebhook } from './sign.ts';
import { verifyWebhook, type WebhookToVerify } from './verify.ts';

const SIGNATURE = '369be3246eb88a06333e37f8133ef8a50163d4732e47ee58bb021b8a7ffe4338';
const key = createSigningKey('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION');
const other = createSigningKey('another');
const webhook: WebhookToVerify = {
  key,
  body: Buffer.from('{"id":1}'),
  timestamp: '1747444800',
  signature: SIGNATURE,
  now: 1747444800,
};

describe('verifyWebhook', () => {
  it.each([
    ['as sent', {}],
    ['in upper case', { signature: SIGNATURE.toUpperCase() }],
    ['with headers as lists of one', { signature: [SIGNATURE], timestamp: ['1747444800'] }],
    ['with the new key of a rotation', { key: [other, key] }],
    ['with the old key of a rotation', { key: [key, other] }],
    ['300 seconds later', { now: 1747445100 }],
    ['300 seconds early', { now: 1747444500 }],
  ])('accepts a webhook %s', (_, change) => {
    expect(verifyWebhook({ ...webhook, ...change })).toStrictEqual({
      timestamp: 1747444800,
      body: webhook.body,
    });
  });

  it.each([
    ['no timestamp', { timestamp: undefined }, 'missing_authentication_headers'],
    ['no signature', { signature: null }, 'missing_authentication_headers'],
    ['an empty timestamp', { timestamp: '' }, 'missing_authentication_headers'],
    ['an empty signature', { signature: '' }, 'missing_authentication_headers'],
    ['an empty list', { signature: [] }, 'missing_authentication_headers'],
    ['two timestamps', { timestamp: ['1747444800', '1747444800'] }, 'malformed_authentication_headers'],
    ['two signatures', { signature: [SIGNATURE, SIGNATURE] }, 'malformed_authentication_headers'],
    ['a timestamp that is no number', { timestamp: '1747444800junk' }, 'timestamp_outside_window'],
    ['a timestamp with a leading zero', { timestamp: '01747444800' }, 'timestamp_outside_window'],
    ['a timestamp in milliseconds', { timestamp: '1747444800000' }, 'timestamp_outside_window'],
    ['301 seconds', { now: 1747445101 }, 'timestamp_outside_window'],
    ['-301 seconds', { now: 1747444499 }, 'timestamp_outside_window'],
    ['another timestamp', { timestamp: '1747444801' }, 'invalid_signature'],
    ['another body', { body: Buffer.from('{"id":2}') }, 'invalid_signature'],
    ['a trailing newline', { body: Buffer.from('{"id":1}\n') }, 'invalid_signature'],
    ['another key', { key: other }, 'invalid_signature'],
    ['a short signature', { signature: SIGNATURE.slice(1) }, 'invalid_signature'],
    ['a prefix', { signature: `sha256=${SIGNATURE}` }, 'invalid_signature'],
  ] as const)('rejects %s', (_, change, code) => {
    expect(verifyWebhook({ ...webhook, ...change })).toBe(REJECTIONS[code]);
  });

  it('rejects the signature of a request', () => {
    const { signature } = signRequest({
      keyId: 'k',
      key,
      method: 'POST',
      target: '/hook',
      body: webhook.body,
      timestamp: 1747444800,
    });
    expect(verifyWebhook({ ...webhook, signature })).toBe(REJECTIONS.invalid_signature);
  });

  it.each([
    [{ body: { id: 1 } }, 'invalid_body', 'got object.'],
    [{ now: Number.NaN }, 'invalid_timestamp', 'got NaN.'],
    [{ key: [] }, 'invalid_secret', 'At least one key is needed to verify a webhook: got none.'],
    [{ key: 'secret' }, 'invalid_secret', 'Key must come from createSigningKey(secret): got string.'],
  ])('throws for %o', (change, code, message) => {
    expect(() => verifyWebhook({ ...webhook, ...change } as WebhookToVerify)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('accepts what signWebhook signs, and no body with a changed byte', () => {
    const signed = fc.record({
      body: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      timestamp: fc.integer({ min: 0, max: 999_999_999_999_999 }),
    });
    fc.assert(
      fc.property(signed, fc.nat(), fc.integer({ min: 1, max: 255 }), (...[{ body, timestamp }, at, by]) => {
        const { headers, signature, ...rest } = signWebhook({ key, body, timestamp });
        expect(verifyWebhook({ key, body, ...rest, signature, now: timestamp })).toEqual({ timestamp, body });
        const changed = body.map((byte, index) => (index === at % body.length ? byte ^ by : byte));
        expect(verifyWebhook({ key, body: changed, ...rest, signature, now: timestamp })).toBe(
          REJECTIONS.invalid_signature,
        );
      }),
    );
  });
});
