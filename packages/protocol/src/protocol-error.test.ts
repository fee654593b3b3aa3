import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { PROTOCOL_ERROR_CODES, ProtocolError } from './protocol-error.ts';

describe('ProtocolError', () => {
  it('carries code, message and cause', () => {
    const cause = new Error('why');
    const error = new ProtocolError('invalid_body', 'What is wrong.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ProtocolError',
      code: 'invalid_body',
      message: 'What is wrong.',
      cause,
    });
  });

  it('has a meaning for every code', () => {
    expect(Object.values(PROTOCOL_ERROR_CODES).every((meaning) => meaning.endsWith('.'))).toBe(true);
    expect(PROTOCOL_ERROR_CODES).toSatisfy(Object.isFrozen);
  });
});

describe('ProtocolError.is', () => {
  it('recognises its own errors', () => {
    expect(ProtocolError.is(new ProtocolError('invalid_body', ''))).toBe(true);
  });

  it('recognises errors of another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('./protocol-error.ts');
    expect(copy.ProtocolError).not.toBe(ProtocolError);
    expect(ProtocolError.is(new copy.ProtocolError('invalid_body', ''))).toBe(true);
  });

  it('recognises errors of another realm', () => {
    const foreign: unknown = runInNewContext(
      "Object.assign(new Error(), { [Symbol.for('cpg.protocol.error')]: true })",
    );
    expect(foreign).not.toBeInstanceOf(Error);
    expect(ProtocolError.is(foreign)).toBe(true);
  });

  it.each([new Error(), { code: 'invalid_body' }, 'invalid_body', null, undefined, 5])(
    'rejects %o',
    (value) => {
      expect(ProtocolError.is(value)).toBe(false);
    },
  );
});
