import { REJECTIONS } from '@cpg/protocol';
import { describe, expect, it } from 'vitest';
import { RejectionError } from './rejection-error.ts';

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

  it('shows loggers no frozen rejection: pino would fail to mark it, and the answer with it', () => {
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
