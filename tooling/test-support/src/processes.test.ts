import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readLines } from './processes.ts';

const createStream = (texts: readonly string[]) => Readable.from(texts.map((text) => Buffer.from(text)));

it('ends lines at line feeds only', async () => {
  const lines: string[] = [];
  for await (const line of readLines(createStream(['{"a":"\u2028', '\u2029\r"}\n', '\nb', 'c\nd'])))
    lines.push(line);
  expect(lines).toEqual(['{"a":"\u2028\u2029\r"}', '', 'bc', 'd']);
});

it('rejects a line without an end', async () => {
  const endless = readLines(createStream(Array.from({ length: 9 }, () => 'x'.repeat(1024 * 1024))));
  await expect(endless.next()).rejects.toThrow('A line has more than 8388608 bytes.');
});

it('leaves a stream open when the reader stops', async () => {
  const stream = createStream(['a\n', 'b\n']);
  for await (const line of readLines(stream)) {
    expect(line).toBe('a');
    break;
  }
  expect(stream.destroyed).toBe(false);
});
