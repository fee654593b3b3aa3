import { describe, expect, it } from 'vitest';
import { hasHiddenBytes, hexdump } from './diff-lines.ts';

describe('hexdump', () => {
  it('shows offset, bytes and text', () => {
    expect(hexdump('GET /\x00\xe9 HTTP/1.1\r\nHost')).toEqual([
      '0000  47 45 54 20 2f 00 e9 20 48 54 54 50 2f 31 2e 31  GET /.. HTTP/1.1',
      '0010  0d 0a 48 6f 73 74                                ..Host',
    ]);
  });

  it('ends after 1024 bytes, and says of how many', () => {
    const rows = hexdump('a'.repeat(1_025));
    expect(rows).toHaveLength(65);
    expect(rows.at(-1)).toBe('… (1025 bytes)');
  });

  it.each([
    ['GET / HTTP/1.1\r\n\r\n', false],
    ['tab\t', true],
    ['NUL\0', true],
    ['\xe9', true],
    ['\x7f', true],
  ])('%j has hidden bytes: %s', (text, hidden) => {
    expect(hasHiddenBytes(text)).toBe(hidden);
  });
});
