import { describe, expect, it } from 'vitest';
import { curlLine } from './encode-request.ts';

describe('curlLine', () => {
  it('repeats target and headers, but never the signature', () => {
    const head = `GET /v1/_ping?a='x' HTTP/1.1\r\nHost: h\r\nX-CPG-Key: ck\r\nX-CPG-Signature: ${'a'.repeat(64)}\r\nConnection: close\r\n\r\n`;
    expect(curlLine(head, { host: '127.0.0.1', port: 8787 })).toBe(
      "curl -i --globoff --path-as-is -X GET -H 'X-CPG-Key: ck' -H 'X-CPG-Signature: <sign again>' 'http://127.0.0.1:8787/v1/_ping?a='\\''x'\\'''",
    );
  });

  it.each<[name: string, headers: string, body: Buffer, options: string]>([
    [
      'text',
      'Content-Type: application/json\r\n',
      Buffer.from(`{"a":"it's"}`),
      `--data-raw '{"a":"it'\\''s"}'`,
    ],
    ['text that begins like a file name', 'Content-Type: x\r\n', Buffer.from('@a'), "--data-raw '@a'"],
    ['text without a type', '', Buffer.from('a'), "-H 'Content-Type:' --data-raw 'a'"],
    ['bytes', 'Content-Type: x\r\n', Buffer.from([0, 255]), '--data-binary @body.bin'],
    ['a long text', 'Content-Type: x\r\n', Buffer.alloc(1_001, 'a'), '--data-binary @body.bin'],
  ])('sends the body: %s', (_name, headers, body, options) => {
    const line = curlLine(`POST /v1/x HTTP/1.1\r\n${headers}\r\n`, { host: 'h', port: 1 }, body);
    expect(line.endsWith(`${options} 'http://h:1/v1/x'`)).toBe(true);
  });
});
