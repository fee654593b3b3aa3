import { describe, expect, it } from 'vitest';
import { bodySha256, EMPTY_BODY_SHA256 } from './body-hash.ts';

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

  it('refuses a text, which may be encoded in more than one way', () => {
    expect(() => bodySha256('{}' as never)).toThrow('got string');
  });
});
