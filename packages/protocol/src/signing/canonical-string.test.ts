import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodySha256, type CanonicalFields, canonicalString, EMPTY_BODY_SHA256 } from './canonical-string.ts';

const fields: CanonicalFields = {
  timestamp: '1747444800',
  method: 'GET',
  path: '/v1/balances',
  query: 'currency=USDT&network=ETH',
  bodySha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
};

describe('canonicalString', () => {
  it('joins the five fields with four line feeds', () => {
    expect(canonicalString(fields)).toBe(
      '1747444800\nGET\n/v1/balances\ncurrency=USDT&network=ETH\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('keeps the line of an empty query', () => {
    expect(canonicalString({ ...fields, query: '' })).toBe(
      '1747444800\nGET\n/v1/balances\n\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  const names = ['timestamp', 'method', 'path', 'query', 'bodySha256'] as const;

  it.each(names)('rejects a line feed in %s', (name) => {
    expect(() => canonicalString({ ...fields, [name]: 'a\nb' })).toThrow(
      expect.objectContaining({
        code: 'invalid_field',
        message: 'No field of a canonical string may contain a line feed (0x0A).',
      }),
    );
  });

  it.each(names)('rejects a lone surrogate in %s, which would be signed as U+FFFD', (name) => {
    expect(() => canonicalString({ ...fields, [name]: '\ud800' })).toThrow(
      expect.objectContaining({
        code: 'invalid_field',
        message:
          'Every field of a canonical string must be well-formed Unicode: a lone surrogate has no UTF-8 bytes.',
      }),
    );
  });

  it('is injective over its five fields, down to the bytes', () => {
    // A small alphabet, so that fields which differ only in their boundaries come up often.
    const field = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '/', '?', '&', '\r'), maxLength: 4 }),
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('\n') && text.isWellFormed()),
    );
    const five = fc.record({ timestamp: field, method: field, path: field, query: field, bodySha256: field });
    fc.assert(
      fc.property(five, five, (left, right) => {
        const isSame = names.every((name) => left[name] === right[name]);
        const isSameText = Buffer.from(canonicalString(left)).equals(Buffer.from(canonicalString(right)));
        expect(isSameText).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });

  it('can be split into its five fields again', () => {
    const field = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));
    const five = fc.record({ timestamp: field, method: field, path: field, query: field, bodySha256: field });
    fc.assert(
      fc.property(five, (given) => {
        expect(canonicalString(given).split('\n')).toEqual(names.map((name) => given[name]));
      }),
    );
  });
});

describe('bodySha256', () => {
  // Expected values: openssl dgst -sha256.
  it.each([
    ['no bytes', Buffer.alloc(0), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', Buffer.from('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0xff, 0x00]),
      'ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f',
    ],
  ])('hashes %s', (_, body, expected) => {
    expect(bodySha256(body)).toBe(expected);
  });

  it('hashes a view, not the buffer behind it', () => {
    const view = new Uint8Array(Buffer.from('xxabcxx').buffer).subarray(0, 0);
    expect(bodySha256(view)).toBe(EMPTY_BODY_SHA256);
    expect(bodySha256(Uint8Array.from(Buffer.from('xxabcxx')).subarray(2, 5))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('rejects a text, which may be encoded in more than one way', () => {
    expect(() => bodySha256('{}' as never)).toThrow('got string');
  });
});
