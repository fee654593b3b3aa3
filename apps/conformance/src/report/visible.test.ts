import { describe, expect, it } from 'vitest';
import { findingLines } from './finding-lines.ts';
import { linePairs } from './line-pairs.ts';
import { excerpt } from './visible.ts';

const FAR = 'a'.repeat(5_000);

describe('excerpt', () => {
  it.each<[name: string, text: string, around: number | undefined, shown: string]>([
    ['a short text', 'ab\n', undefined, 'ab␊'],
    ['the start of a long one', 'abcdefgh', undefined, 'abcdef… (8 characters)'],
    ['the middle of a long one', 'abcdefghijklmn', 7, '…efghij… (14 characters)'],
    ['the end of a long one', 'abcdefgh', 7, '…cdefgh (8 characters)'],
  ])('shows %s', (_name, text, around, shown) => {
    expect(excerpt(text, { around, length: 6 })).toBe(shown);
  });
});

describe('evidence', () => {
  it('is not cut where two values part', () => {
    const lines = findingLines({
      what: 'query',
      expected: `${FAR}&b=2`,
      actual: `${FAR}&B=2`,
      firstDifference: 5_001,
    });
    expect(lines[1]).toMatch(/^expected {2}….*&b=2 \(5004 characters\)$/);
    expect(lines[2]).toMatch(/^actual {4}….*&B=2 \(5004 characters\)$/);
  });

  it('is not cut where two lines of the canonical string part', () => {
    const [, pair] = linePairs(`GET\n${FAR}&b=2\n`, `GET\n${FAR}&B=2\n`, 20);
    expect(pair).toMatchObject({ isEqual: false });
    expect(pair?.expected).toContain('&b=2␊');
    expect(pair?.actual).toContain('&B=2␊');
  });

  it('has the whole head of a request', () => {
    const head = `GET / HTTP/1.1\r\n${'X-Header: 0123456789\r\n'.repeat(40)}Content-Length: 5\r\n\r\n`;
    const exchanges = [{ sent: `${head}${FAR}`, received: '' }];
    const text = findingLines({ what: 'status', expected: '400', actual: '200', exchanges }).join('\n');
    expect(text).toContain('␍␊Content-Length: 5␍␊␍␊aaa');
  });
});
