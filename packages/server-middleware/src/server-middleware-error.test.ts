import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RejectionError } from './answers/rejection-error.ts';
import { SERVER_MIDDLEWARE_ERROR_CODES, ServerMiddlewareError } from './server-middleware-error.ts';

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

  it('finds each of its codes explained in the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    for (const code of Object.keys(SERVER_MIDDLEWARE_ERROR_CODES)) expect(readme).toContain(`#### ${code}\n`);
  });
});
