import { describe, expect, it } from 'vitest';
import { createSigningKey } from '../signing/signing-key.ts';
import { signWebhook } from './sign.ts';

const key = createSigningKey('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION');

describe('signWebhook', () => {
  // Expected values: openssl dgst -sha256 -hmac over "1747444800\n" and the body.
  it.each([
    ['JSON', Buffer.from('{"id":1}'), '369be3246eb88a06333e37f8133ef8a50163d4732e47ee58bb021b8a7ffe4338'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0xff, 0x00, 0x0a]),
      'e16487f724284ac23af96fe33917d80a11a6c77be1b776c6dec5d699f0851576',
    ],
  ])('signs %s', (_, body, signature) => {
    expect(signWebhook({ key, body, timestamp: 1747444800 })).toStrictEqual({
      headers: { 'X-CPG-Timestamp': '1747444800', 'X-CPG-Signature': signature },
      timestamp: '1747444800',
      signature,
    });
  });

  it.each([
    [{ body: '{}' }, 'invalid_body'],
    [{ timestamp: 1.5 }, 'invalid_timestamp'],
    [{ key: 'secret' }, 'invalid_secret'],
  ])('rejects %o', (change, code) => {
    const webhook = { key, body: Buffer.from('{}'), timestamp: 1747444800, ...change };
    expect(() => signWebhook(webhook as never)).toThrow(expect.objectContaining({ code }));
  });
});
