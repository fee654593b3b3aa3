import { describe, expect, it } from 'vitest';
import type { ResultRecord } from '../core/record.ts';
import { progress, traceTo } from './progress.ts';

const implementation: ResultRecord = {
  type: 'implementation',
  implementation: 'it',
  layer: 'vectors',
  notes: [],
  planned: 2,
};
const result: ResultRecord = {
  type: 'case',
  implementation: 'it',
  layer: 'vectors',
  id: 'a',
  group: 'g',
  description: 'd',
  spec: '§1',
  verdict: 'pass',
  durationMs: 1,
};

const written = (isTTY: boolean, isCi: boolean): string => {
  let text = '';
  const stream = {
    isTTY,
    write: (part: string | Uint8Array) => {
      text += String(part);
      return true;
    },
  };
  const show = progress(stream, { isCi });
  for (const record of [implementation, result, result]) show.record(record);
  show.end();
  return text;
};

describe('progress', () => {
  it('counts on a terminal, and clears the line at the end', () => {
    const clear = '\r\u001b[K';
    expect(written(true, false)).toBe(`${clear}vectors it 1/2${clear}vectors it 2/2${clear}`);
  });

  it.each([
    ['a pipe', false, false],
    ['a terminal of a CI job', true, true],
  ])('is silent on %s in the first seconds', (_name, isTTY, isCi) => {
    expect(written(isTTY, isCi)).toBe('');
  });

  it('writes a line at an interval in CI, from the first case to the end', async () => {
    const lines: string[] = [];
    const stream = { isTTY: true, write: (part: string | Uint8Array) => lines.push(String(part)) > 0 };
    const show = progress(stream, { isCi: true, intervalMs: 1 });
    show.record(implementation);
    show.record({ ...result, verdict: 'fail' });
    await expect.poll(() => lines.length).toBeGreaterThan(1);
    show.end();
    const count = lines.length;
    expect(new Set(lines)).toEqual(new Set(['vectors it 1/2, 1 failed, last a\n']));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lines.length).toBe(count);
  });
});

it('names each case once, and skips an empty side', () => {
  let output = '';
  const trace = traceTo({
    write: (text: string | Uint8Array) => {
      output += String(text);
      return true;
    },
  });
  trace('a', { sent: 'GET /\r\nHost: x', received: '' });
  trace('a', { sent: '', received: 'HTTP/1.1 200 OK' });
  trace('b', { sent: '{}', received: '' });
  expect(output).toBe('# a\n> GET /\\r\\n\n> Host: x\n< HTTP/1.1 200 OK\n# b\n> {}\n');
});
