import { describe, expect, it } from 'vitest';
import { curlLine } from './curl-line.ts';

describe('curlLine', () => {
  it('repeats target and headers, but never the signature', () => {
    const head = `GET /v1/_ping?a='x' HTTP/1.1\r\nHost: h\r\nX-CPG-Key: ck\r\nX-CPG-Signature: ${'a'.repeat(64)}\r\nConnection: close\r\n\r\n`;
    expect(curlLine(head, { host: '127.0.0.1', port: 8787 })).toBe(
      "curl -i --globoff --path-as-is -X GET -H 'X-CPG-Key: ck' -H 'X-CPG-Signature: <sign again>' 'http://127.0.0.1:8787/v1/_ping?a='\\''x'\\'''",
    );
  });
});
