import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameSignature, sign, verify } from '../signing/signature.ts';
import { createSigningKey } from '../signing/signing-key.ts';
import { hmacSha256 } from './node.ts';

const keyOfBytes = (hex: string): KeyObject => createSecretKey(hex, 'hex');
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('HMAC-SHA256, RFC 4231', () => {
  it.each([
    [
      'case 1',
      '0b'.repeat(20),
      '4869205468657265',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      'case 2',
      '4a656665',
      '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'case 3',
      'aa'.repeat(20),
      'dd'.repeat(50),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      'case 4',
      '0102030405060708090a0b0c0d0e0f10111213141516171819',
      'cd'.repeat(50),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      'case 6',
      'aa'.repeat(131),
      '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      'case 7',
      'aa'.repeat(131),
      '5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('%s', (_name, key, message, expected) => {
    const computed = hmacSha256(keyOfBytes(key), bytes(message));
    expect(computed).toBe(expected);
    expect(isSameSignature(computed, expected)).toBe(true);
  });

  it('case 5: a tag of 128 bits is rejected', () => {
    const computed = hmacSha256(
      keyOfBytes('0c'.repeat(20)),
      bytes('546573742057697468205472756e636174696f6e'),
    );
    expect(computed.slice(0, 32)).toBe('a3b6167473100ee06e0c796c2955552b');
    expect(isSameSignature(computed, 'a3b6167473100ee06e0c796c2955552b')).toBe(false);
  });
});

// The signatures of `canonical` under secrets about the block size of SHA-256, as `openssl dgst -hmac` gives
// them.
describe('keys about the block size', () => {
  it.each([
    [1, 'e184ab8c686f0b9bfc805ca289f332b78a76fdc69c97dd457b9f8a4912ff8cbe'],
    [63, 'a936dfc5f9f879063040d4998d3dac67eed92d2e72d8f0d58a2a832a3fb705ce'],
    [64, '5820c9703e11a6ff17c8890ae65de291867b288ea2f7925959281841a82dd62d'],
    [65, '7d8c1ab49dbefaff9941393a8eb9077b8d4475161f534487bed50cf9b99ea483'],
    [131, '8964e11ca81cf31909366018fd56e5b8d0129f975902b551fe77feadcc1f04c0'],
  ])('%i bytes', (length, expected) => {
    const key = createSigningKey('k'.repeat(length));
    expect(sign(key, 'canonical')).toBe(expected);
    expect(verify(key, 'canonical', expected)).toBe(true);
  });

  it('0 bytes are rejected', () => {
    expect(() => createSigningKey('')).toThrow('Secret must be a non-empty string: got an empty one.');
  });
});

const byNode = (key: KeyObject, message: string | Uint8Array): string =>
  createHmac('sha256', key).update(message).digest('hex');

describe('hmacSha256 and createHmac agree', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 140 }).map((secret) => createSecretKey(secret));

  it('on any text', () => {
    fc.assert(
      fc.property(key, fc.string({ unit: 'binary', maxLength: 300 }), (each, text) => {
        expect(hmacSha256(each, text)).toBe(byNode(each, text));
      }),
    );
  });

  it('on any bytes', () => {
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 300 }), (each, message) => {
        expect(hmacSha256(each, message)).toBe(byNode(each, message));
      }),
    );
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 1365, 1366, 4095, 4096, 4097, 70_000])(
    'on %i characters or bytes',
    (length) => {
      const secret = createSecretKey('secret', 'utf8');
      for (const character of ['a', 'é', '€']) {
        expect(hmacSha256(secret, character.repeat(length))).toBe(byNode(secret, character.repeat(length)));
      }
      expect(hmacSha256(secret, Buffer.alloc(length, 0xff))).toBe(byNode(secret, Buffer.alloc(length, 0xff)));
    },
  );

  it('on lone surrogates, and on keys in turn', () => {
    const keys = ['one', 'two'].map((secret) => createSecretKey(secret, 'utf8'));
    for (const each of [...keys, ...keys]) expect(hmacSha256(each, '\ud800')).toBe(byNode(each, '\ud800'));
  });
});

interface Wycheproof {
  readonly testGroups: readonly {
    readonly tagSize: number;
    readonly tests: readonly {
      readonly tcId: number;
      readonly key: string;
      readonly msg: string;
      readonly tag: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const wycheproof = new URL('../../../../../shared/data/wycheproof/hmac_sha256_test.json', import.meta.url);

if (existsSync(wycheproof)) {
  const { testGroups } = JSON.parse(readFileSync(wycheproof, 'utf8')) as Wycheproof;
  const testsOf = (tagSize: number) =>
    testGroups.filter((group) => group.tagSize === tagSize).flatMap(({ tests }) => tests);
  const fullLength = testsOf(256);
  const truncated = testsOf(128).filter(({ result }) => result === 'valid');

  describe('Wycheproof HMAC-SHA256', () => {
    it('has the tests that it is known to have', () => {
      expect([fullLength.length, truncated.length]).toEqual([87, 33]);
    });

    it.each(fullLength)('tag of 256 bits, test $tcId: $result', ({ key, msg, tag, result }) => {
      expect(isSameSignature(hmacSha256(keyOfBytes(key), bytes(msg)), tag)).toBe(result === 'valid');
    });

    it.each(truncated)('tag of 128 bits, test $tcId: rejected', ({ key, msg, tag }) => {
      expect(isSameSignature(hmacSha256(keyOfBytes(key), bytes(msg)), tag)).toBe(false);
    });
  });
} else {
  process.stderr.write(
    'SKIPPED: Wycheproof HMAC-SHA256 (needs ../shared/data/wycheproof, which is not there)\n',
  );
  describe.skip('Wycheproof HMAC-SHA256 (needs ../shared/data/wycheproof)', () => {
    it('was not run', () => expect.fail());
  });
}
