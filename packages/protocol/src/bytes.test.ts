import { describe, expect, it } from 'vitest';
import { assertBytes } from './bytes.ts';
import { ProtocolError } from './protocol-error.ts';

describe('assertBytes', () => {
  it.each([new Uint8Array(0), Buffer.from('{}')])('accepts %o', (body) => {
    expect(() => assertBytes(body)).not.toThrow();
  });

  it.each([
    ['a text', '{}', 'string'],
    ['a parsed body', {}, 'object'],
    ['null', null, 'null'],
    ['nothing', undefined, 'undefined'],
    ['an array', [1], 'an array'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'object'],
  ])('refuses %s', (_, body, type) => {
    expect(() => assertBytes(body)).toThrow(
      expect.objectContaining({
        code: 'invalid_body',
        message: `Body must be a Uint8Array of the bytes on the wire: got ${type}. A sender encodes it once with Buffer.from(text, 'utf8'), then signs and sends that buffer; a receiver keeps the raw bytes, e.g. with express.raw().`,
      }),
    );
    expect(() => assertBytes(body)).toThrow(ProtocolError);
  });
});
