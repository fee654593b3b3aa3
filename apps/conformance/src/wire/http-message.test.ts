import { describe, expect, it } from 'vitest';
import { readMessage } from './http-message.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('readMessage', () => {
  it('keeps order, case and repeats of headers, and every byte of the target', () => {
    const message = readMessage(bytes('GET /p?q=%e9\u00e9 HTTP/1.1\r\nb: 1\r\nA:2 \r\nb:\r\n\r\n'));
    expect(message).toEqual({
      startLine: 'GET /p?q=%e9\u00e9 HTTP/1.1',
      headers: [
        ['b', '1'],
        ['A', '2'],
        ['b', ''],
      ],
      body: Buffer.alloc(0),
      framing: 'none',
      length: 42,
    });
  });

  it.each<[name: string, input: string, body: string, framing: string]>([
    ['by its length', 'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd', 'abc', 'content-length'],
    [
      'in chunks',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
      'abc',
      'chunked',
    ],
  ])('reads a body %s', (_name, input, body, framing) => {
    const message = readMessage(bytes(input));
    expect(message?.body.toString()).toBe(body);
    expect(message?.framing).toBe(framing);
  });

  it.each([
    ['no end of the headers', 'GET / HTTP/1.1\r\nA: 1\r\n'],
    ['a body too short', 'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab'],
    ['a chunk too short', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
    ['no last chunk', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'],
  ])('waits for more: %s', (_name, input) => {
    expect(readMessage(bytes(input))).toBeUndefined();
  });

  it.each([
    ['a header without a colon', 'GET / HTTP/1.1\r\nnonsense\r\n\r\n'],
    ['a chunk size that is no number', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ])('throws for %s', (_name, input) => {
    expect(() => readMessage(bytes(input))).toThrow();
  });

  it('reads a response until the connection closes', () => {
    const input = bytes('HTTP/1.1 200 OK\r\n\r\nabc');
    expect(readMessage(input, { isResponse: true })).toBeUndefined();
    expect(readMessage(input, { isResponse: true, isClosed: true })?.body.toString()).toBe('abc');
    expect(readMessage(bytes('HTTP/1.1 204 No\r\n\r\n'), { isResponse: true })?.framing).toBe('none');
  });
});
