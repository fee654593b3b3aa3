import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { getErrorUrl, setDocumentationUrl } from './documentation.ts';
import { ProtocolError } from './protocol-error.ts';

// Other tests of this process call every function.
beforeEach(() => Reflect.deleteProperty(globalThis, Symbol.for('cpg.documentation-url')));

describe('getErrorUrl', () => {
  it('is a path of the gateway', () => {
    expect(getErrorUrl('wire', 'invalid_signature')).toBe('/docs/errors/wire.html#invalid_signature');
  });

  it.each(['https://docs.example/cpg', 'https://docs.example/cpg/'])(
    'begins with %s when that is set',
    (url) => {
      setDocumentationUrl(url);
      expect(getErrorUrl('client', 'timeout')).toBe('https://docs.example/cpg/errors/client.html#timeout');
    },
  );
});

describe('the help of a ProtocolError', () => {
  it('is printed with the error', () => {
    setDocumentationUrl('https://docs.example/');
    const error = new ProtocolError('invalid_body', 'body must be bytes.');
    expect(error.help).toBe('https://docs.example/errors/protocol.html#invalid_body');
    expect(inspect(error)).toContain("help: 'https://docs.example/errors/protocol.html#invalid_body'");
  });
});
