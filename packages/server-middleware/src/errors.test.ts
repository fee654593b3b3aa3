import { readFileSync } from 'node:fs';
import { REJECTIONS } from '@cpg/protocol';
import { describe, expect, it } from 'vitest';
import { RejectionError, SERVER_MIDDLEWARE_ERROR_CODES, ServerMiddlewareError } from './errors.ts';

describe('ServerMiddlewareError', () => {
  it('knows itself, and nothing else', () => {
    const error = new ServerMiddlewareError('store_deadline', 'Late.', { cause: 1 });
    expect(ServerMiddlewareError.is(error)).toBe(true);
    expect([error.status, error.cause, error.name]).toEqual([503, 1, 'ServerMiddlewareError']);
    expect(new ServerMiddlewareError('invalid_key', 'Bad.').status).toBe(500);
    for (const other of [new Error('x'), undefined, { code: 'store_deadline' }]) {
      expect(ServerMiddlewareError.is(other)).toBe(false);
      expect(RejectionError.is(other)).toBe(false);
    }
  });

  it('finds each of its codes explained in the documentation', () => {
    const page = new URL('../../../apps/docs/packages/server-middleware.md', import.meta.url);
    const documentation = readFileSync(page, 'utf8');
    for (const code of Object.keys(SERVER_MIDDLEWARE_ERROR_CODES))
      expect(documentation).toContain(`#### ${code}\n`);
  });
});

describe('RejectionError', () => {
  const cause = new Error('the database is away');
  const error = new RejectionError(REJECTIONS.service_unavailable, { cause });

  it('carries its rejection, its status and its cause', () => {
    expect({ ...error, message: error.message, cause: error.cause, rejection: error.rejection }).toEqual({
      name: 'RejectionError',
      status: 503,
      message: 'Service temporarily unavailable',
      cause,
      rejection: REJECTIONS.service_unavailable,
    });
  });

  it('hides the frozen rejection from loggers: pino would fail to write to it, and the response would fail too', () => {
    expect(Object.keys(error)).not.toContain('rejection');
  });

  it('is told from other errors, also from another copy of the package', () => {
    const foreign = Object.defineProperty(
      new Error('x'),
      Symbol.for('cpg.server-middleware.rejection-error'),
      {},
    );
    expect([error, foreign, cause, REJECTIONS.not_found].map(RejectionError.is)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
