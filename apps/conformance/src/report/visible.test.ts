import { describe, expect, it } from 'vitest';
import { diffLines, linePairs } from './diff-lines.ts';
import { renderDiff } from './html.ts';
import { escapeMarkup, excerpt, visible, visibleBytes } from './visible.ts';

const FAR = 'a'.repeat(5_000);

describe('excerpt', () => {
  it.each<[name: string, text: string, around: number | undefined, shown: string]>([
    ['a short text', 'ab\n', undefined, 'ab\\n'],
    ['the start of a long one', 'abcdefgh', undefined, 'abcdef… (8 characters)'],
    ['the middle of a long one', 'abcdefghijklmn', 7, '…efghij… (14 characters)'],
    ['the end of a long one', 'abcdefgh', 7, '…cdefgh (8 characters)'],
  ])('shows %s', (_name, text, around, shown) => {
    expect(excerpt(text, { around, length: 6 })).toBe(shown);
  });
});

describe('evidence', () => {
  it('is not cut where two values differ', () => {
    const lines = diffLines({
      what: 'query',
      expected: `${FAR}&b=2`,
      actual: `${FAR}&B=2`,
      firstDifference: 5_001,
    });
    expect(lines[1]).toMatch(/^expected {2}….*&b=2 \(5004 characters\)$/);
    expect(lines[2]).toMatch(/^actual {4}….*&B=2 \(5004 characters\)$/);
  });

  it('is not cut where two lines of the canonical string differ', () => {
    const [, pair] = linePairs(`GET\n${FAR}&b=2\n`, `GET\n${FAR}&B=2\n`, 20);
    expect(pair).toMatchObject({ isEqual: false });
    expect(pair?.expected).toContain('&b=2\\n');
    expect(pair?.actual).toContain('&B=2\\n');
  });

  it('has the whole head of a request', () => {
    const head = `GET / HTTP/1.1\r\n${'X-Header: 0123456789\r\n'.repeat(40)}Content-Length: 5\r\n\r\n`;
    const exchanges = [{ sent: `${head}${FAR}`, received: '' }];
    const text = diffLines({ what: 'status', expected: '400', actual: '200', exchanges }).join('\n');
    expect(text).toContain('\\r\\nContent-Length: 5\\r\\n\\r\\naaa');
  });
});

describe('visible', () => {
  it.each<[name: string, text: string, shown: string]>([
    ['what is printable', '… – é ß 漢字 عربي 😀 e\u0301', '… – é ß 漢字 عربي 😀 e\u0301'],
    ['line ends, tabs and NUL', '\r\n\t\0\x7f', '\\r\\n\\t\\0\\x7f'],
    ['control characters', '\x1b[31m\x85', '\\x1b[31m\\x85'],
    ['bidirectional characters', 'a\u202eb\u2066c\u200f', 'a\\u202eb\\u2066c\\u200f'],
    ['invisible characters', '\u200b\ufeff\u00ad\u3164\u{e0041}', '\\u200b\\ufeff\\xad\\u3164\\u{e0041}'],
    ['line separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['spaces that look like one', 'a b\u00a0c\u3000', 'a b\\xa0c\\u3000'],
    ['lone surrogates', '\ud800', '\\ud800'],
  ])('shows %s', (_name, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('escapes a byte beyond ASCII', () => {
    expect(visibleBytes('GET /\xe9\xff … \x00')).toBe('GET /\\xe9\\xff … \\0');
  });

  it.each<[name: string, text: string, shown: string]>([
    ['characters in UTF-8', '… é 漢 😀', '… é 漢 😀'],
    ['hidden characters in UTF-8', '\u202e\u00a0', '\\u202e\\xa0'],
  ])('shows %s', (_name, text, shown) => {
    expect(visibleBytes(Buffer.from(text).toString('latin1'))).toBe(shown);
  });

  it.each(['\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xe2\x80', '\x80'])(
    'escapes bytes that are no UTF-8: %j',
    (text) => {
      expect(visibleBytes(text)).toMatch(/^(?:\\x[0-9a-f]{2})+$/);
    },
  );

  it('does not split a character', () => {
    expect(excerpt(`${'a'.repeat(5)}😀${'b'.repeat(20)}`, { length: 6 })).toBe('aaaaa… (27 characters)');
  });

  it('does not change the text of an expectation, on the terminal and in HTML', () => {
    const diff = { what: 'réponse', expected: 'at most 5 …', actual: 'six…\u202e', hint: '…' };
    expect(diffLines(diff)).toEqual([
      'what      réponse',
      'expected  at most 5 …',
      'actual    six…\\u202e',
      'hint      …',
    ]);
    expect(renderDiff(diff)).toContain('at most 5 …</code>');
    expect(escapeMarkup('a\u202eb\n…')).toBe('a\\u202eb\n…');
  });
});
