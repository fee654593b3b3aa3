import { spawnSync } from 'node:child_process';
import { createHmac, createSecretKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameSignature, sign, verify } from '../signing/signature.ts';
import { createSigningKey } from '../signing/signing-key.ts';
import { readVectorFile, vectorBodyBytes } from '../vectors/index.ts';
import * as node from './node.ts';
import * as portable from './portable.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const FOLDER = new URL('../..', import.meta.url);

interface Seam {
  readonly name: string;
  readonly hmacSha256: (key: Uint8Array, message: string | Uint8Array) => string;
  readonly createHmacKey: (secret: string) => { export(): Uint8Array };
  readonly isHmacKey: (value: unknown) => boolean;
  readonly sign: (secret: string, message: string | Uint8Array) => string;
  readonly signParts: (secret: string, head: string, tail: Uint8Array) => string;
  readonly sha256Hex: (data: Uint8Array) => string;
  readonly isEqualText: (left: string, right: string) => boolean;
  readonly createRandomSecret: () => string;
}

const SEAMS: readonly Seam[] = [
  {
    name: 'node.ts',
    ...node,
    hmacSha256: (key, message) => node.hmacSha256(createSecretKey(key), message),
    sign: (secret, message) => node.hmacSha256(node.createHmacKey(secret), message),
    signParts: (secret, head, tail) => node.hmacSha256OfParts(node.createHmacKey(secret), head, tail),
  },
  {
    name: 'portable.ts',
    ...portable,
    hmacSha256: (key, message) => portable.hmacSha256(portable.createHmacKeyOfBytes(key), message),
    sign: (secret, message) => portable.hmacSha256(portable.createHmacKey(secret), message),
    signParts: (secret, head, tail) => portable.hmacSha256OfParts(portable.createHmacKey(secret), head, tail),
  },
];

describe('the seam that a program gets', () => {
  const resolve = (...conditions: readonly string[]): string => {
    const flags = ['@cpg/source', ...conditions].map((each) => `--conditions=${each}`);
    const program = 'process.stdout.write(import.meta.resolve("#crypto"))';
    const given = [...flags, '--input-type=module', '-e', program];
    return spawnSync(process.execPath, given, { cwd: FOLDER, encoding: 'utf8' }).stdout;
  };

  it('is node.ts in Node.js, and portable.ts on demand', () => {
    expect(resolve()).toMatch(/\/node\.ts$/);
    expect(resolve('portable')).toMatch(/\/portable\.ts$/);
  });

  it('passes all vectors with portable.ts', () => {
    const flags = ['--conditions=@cpg/source', '--conditions=portable', 'generators/main.ts'];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd: FOLDER, encoding: 'utf8' });
    expect(stderr).not.toContain('Failed');
    expect(stdout).toMatch(/^signing [1-9]\d*, verification [1-9]\d*, webhooks [1-9]\d*$/m);
  });

  it('exports the same functions in both files, but for those that only explain uses', () => {
    const onlyNode = ['digest', 'exportHmacKey', 'hmac', 'timingSafeEqual'];
    const shared = Object.keys(node).filter((name) => !onlyNode.includes(name));
    expect(shared.sort()).toEqual(
      Object.keys(portable)
        .filter((name) => name !== 'createHmacKeyOfBytes')
        .sort(),
    );
  });
});

describe.each(SEAMS)('$name', (seam) => {
  const { hmacSha256 } = seam;

  it('gives the hashes and signatures of all vectors', () => {
    for (const vector of readVectorFile('request-signing').vectors) {
      const secret = Buffer.from(vector.secretB64, 'base64').toString('utf8');
      expect(seam.sha256Hex(vectorBodyBytes(vector.bodyB64))).toBe(vector.bodySha256);
      expect(seam.sign(secret, vector.canonical)).toBe(vector.signature);
    }
    for (const { secretB64, computed } of readVectorFile('webhooks').vectors) {
      if (computed === undefined) continue;
      const secret = Buffer.from(secretB64, 'base64').toString('utf8');
      const signed = bytes(computed.signedHex);
      const end = signed.indexOf(0x0a) + 1;
      const head = signed.toString('latin1', 0, end);
      expect(seam.signParts(secret, head, signed.subarray(end))).toBe(computed.signature);
    }
  });

  it('knows its keys, which do not show their secret', () => {
    const key = seam.createHmacKey('söcret');
    expect(seam.isHmacKey(key)).toBe(true);
    for (const other of [undefined, null, 'söcret', {}, [], () => key])
      expect(seam.isHmacKey(other)).toBe(false);
    expect(Buffer.from(key.export()).toString('utf8')).toBe('söcret');
    const shown = [String(key), inspect(key), inspect({ key }), JSON.stringify(key)].join();
    expect(shown).not.toMatch(/s\\?.{1,3}cret|73 c3 b6|115, 195/);
  });

  it('compares texts and makes secrets that differ', () => {
    const [left, right] = [seam.createRandomSecret(), seam.createRandomSecret()];
    expect(left.length).toBeGreaterThanOrEqual(32);
    expect(left).not.toBe(right);
    expect([seam.isEqualText(left, left), seam.isEqualText(left, right)]).toEqual([true, false]);
    expect(seam.isEqualText(`${'0'.repeat(63)}1`, '0'.repeat(64))).toBe(false);
  });

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
      const computed = hmacSha256(bytes(key), bytes(message));
      expect(computed).toBe(expected);
      expect(isSameSignature(computed, expected)).toBe(true);
    });

    it('case 5: a tag of 128 bits is rejected', () => {
      const computed = hmacSha256(bytes('0c'.repeat(20)), bytes('546573742057697468205472756e636174696f6e'));
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

  const byNode = (key: Uint8Array, message: string | Uint8Array): string =>
    createHmac('sha256', key).update(message).digest('hex');

  describe('hmacSha256 and createHmac agree', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 140 });

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
        const secret = Buffer.from('secret');
        for (const character of ['a', 'é', '€']) {
          expect(hmacSha256(secret, character.repeat(length))).toBe(byNode(secret, character.repeat(length)));
        }
        expect(hmacSha256(secret, Buffer.alloc(length, 0xff))).toBe(
          byNode(secret, Buffer.alloc(length, 0xff)),
        );
      },
    );

    it('on lone surrogates, and on keys in turn', () => {
      const keys = [Buffer.from('one'), Buffer.from('two')];
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
        expect(isSameSignature(hmacSha256(bytes(key), bytes(msg)), tag)).toBe(result === 'valid');
      });

      it.each(truncated)('tag of 128 bits, test $tcId: rejected', ({ key, msg, tag }) => {
        expect(isSameSignature(hmacSha256(bytes(key), bytes(msg)), tag)).toBe(false);
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
});
