import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameSignature, isSignature, sign, verify } from './signature.ts';
import { createSigningKey } from './signing-key.ts';

const SIGNATURE = 'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3';
const CANONICAL =
  '1747444800\nGET\n/v1/balances\ncurrency=USDT&network=ETH\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const key = createSigningKey('cpg-example-secret-DO-NOT-USE-IN-PRODUCTION');

const MALFORMED = [
  '',
  SIGNATURE.toUpperCase(),
  SIGNATURE.slice(1),
  SIGNATURE.slice(0, 32),
  `${SIGNATURE}0`,
  `${SIGNATURE}zz`,
  `${SIGNATURE}\n`,
  ` ${SIGNATURE}`,
  `sha256=${SIGNATURE}`,
  `${SIGNATURE.slice(0, 63)}g`,
  Buffer.from(SIGNATURE, 'hex').toString('base64'),
];

describe('isSignature', () => {
  it('accepts 64 lowercase hex digits', () => {
    expect(isSignature(SIGNATURE)).toBe(true);
  });

  it.each([...MALFORMED, undefined, [SIGNATURE]])('rejects %j', (text) => {
    expect(isSignature(text as string)).toBe(false);
  });
});

describe('sign', () => {
  // Expected values: RFC 4231 case 2, and openssl dgst -sha256 -hmac for the worked example of the wire protocol.
  it.each([
    [
      'Jefe',
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['cpg-example-secret-DO-NOT-USE-IN-PRODUCTION', CANONICAL, SIGNATURE],
  ])('signs with %s', (secret, canonical, expected) => {
    expect(sign(createSigningKey(secret), canonical)).toBe(expected);
  });
});

describe('verify', () => {
  it('accepts the signature', () => {
    expect(verify(key, CANONICAL, SIGNATURE)).toBe(true);
  });

  it.each([
    ...MALFORMED,
    'b4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
    'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c4',
    '4ad11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3',
    '0'.repeat(64),
  ])('rejects %j', (signature) => {
    expect(verify(key, CANONICAL, signature)).toBe(false);
  });

  it('rejects the signature of another key', () => {
    expect(verify(createSigningKey('another'), CANONICAL, SIGNATURE)).toBe(false);
  });

  it('accepts exactly one text for a key and a canonical string', () => {
    const canonical = fc.string({ unit: 'grapheme' });
    const secret = fc.string({ unit: 'grapheme', minLength: 1 });
    const near = fc.tuple(fc.nat(63), fc.constantFrom(...'0123456789abcdefABCDEF g')).map(
      ([index, digit]) =>
        (signature: string) =>
          signature.slice(0, index) + digit + signature.slice(index + 1),
    );
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
    const far = fc.oneof(digits, fc.string());
    fc.assert(
      fc.property(
        secret,
        canonical,
        fc.oneof(
          near,
          far.map((text) => () => text),
        ),
        (...given) => {
          const [text, message, change] = given;
          const signingKey = createSigningKey(text);
          const signature = sign(signingKey, message);
          const received = change(signature);
          expect(verify(signingKey, message, signature)).toBe(true);
          expect(verify(signingKey, message, received)).toBe(received === signature);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('isSameSignature', () => {
  it('is never true for a malformed text, even if it was computed', () => {
    expect(isSameSignature('zz', 'zz')).toBe(false);
  });
});
