import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const split = (chunks: readonly (Buffer | string)[], maxBytes = 100) => {
  const lines: string[] = [];
  const tooLong: string[] = [];
  const splitter = new LineSplitter({
    maxBytes,
    onLine: (line) => lines.push(line),
    onTooLong: (start) => tooLong.push(start),
  });
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return { lines, tooLong };
};

describe('LineSplitter', () => {
  it.each<[name: string, chunks: readonly (Buffer | string)[], lines: readonly string[]]>([
    ['one line', ['a\n'], ['a']],
    ['lines over several chunks', ['a', 'b\nc', '', '\n'], ['ab', 'c']],
    ['empty lines', ['\n\na\n'], ['', '', 'a']],
    ['a last line without a line feed', ['a\nb'], ['a', 'b']],
    ['Windows line ends', ['a\r', '\nb\rc\r\n'], ['a', 'b\rc']],
    [
      'characters split between chunks',
      [Buffer.from('é\n').subarray(0, 1), Buffer.from('é\n').subarray(1)],
      ['é'],
    ],
    [
      'line separators that JSON allows in a string',
      ['{"a":"\u2028\u2029\u0085\v\f"}\n'],
      ['{"a":"\u2028\u2029\u0085\v\f"}'],
    ],
    ['nothing', [], []],
  ])('reads %s', (_name, chunks, lines) => {
    expect(split(chunks)).toEqual({ lines, tooLong: [] });
  });

  it('reads a line of the largest size', () => {
    expect(split(['12345\n'], 5)).toEqual({ lines: ['12345'], tooLong: [] });
  });

  it.each<[name: string, chunks: readonly string[]]>([
    ['in one chunk', ['a\n123456\nb\n']],
    ['in many chunks, without an end', ['a\n1', '2', '3', '4', '5', '6', '7', '8', '\nb\n']],
  ])('stops at a line above the maximum, %s', (_name, chunks) => {
    expect(split(chunks, 5)).toEqual({ lines: ['a'], tooLong: ['12345'] });
  });
});
