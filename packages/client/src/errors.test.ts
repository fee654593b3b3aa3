import { once } from 'node:events';
import { getErrorUrl, setDocumentationUrl } from '@cpg/protocol';
import { getPort } from '@cpg/test-support/ports';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import * as errors from './errors.ts';

const { CPG_ERROR_CODES, CpgError, NotFoundError, RateLimitError, ReplayedError } = errors;

const exports: Readonly<Record<string, unknown>> = { ...errors };

/** The class of each code, by name. */
const CLASSES: Readonly<Record<errors.CpgErrorCode, keyof typeof errors>> = {
  invalid_configuration: 'ConfigurationError',
  callback_failed: 'CallbackError',
  invalid_request: 'InvalidRequestError',
  bad_request: 'BadRequestError',
  authentication_failed: 'AuthenticationError',
  replayed: 'ReplayedError',
  clock_skew: 'ClockSkewError',
  permission_denied: 'PermissionDeniedError',
  not_found: 'NotFoundError',
  conflict: 'ConflictError',
  validation_failed: 'ValidationError',
  rate_limited: 'RateLimitError',
  server_error: 'ServerError',
  redirect_refused: 'UnexpectedStatusError',
  unexpected_status: 'UnexpectedStatusError',
  invalid_response: 'ResponseValidationError',
  connection_failed: 'ConnectionError',
  timeout: 'TimeoutError',
  deadline_exceeded: 'TimeoutError',
  aborted: 'AbortedError',
  client_closed: 'AbortedError',
  outcome_unknown: 'OutcomeUnknownError',
  invalid_webhook: 'WebhookError',
};

describe('the headers of an error', () => {
  it('do not get into the responses of a web framework that reports the error', async () => {
    const headers = new Map([
      ['set-cookie', 'session=of-the-gateway'],
      ['transfer-encoding', 'chunked'],
      ['x-internal', '1'],
    ]);
    const error = new CpgError('server_error', 'x', { status: 502, headers });
    expect(error.headers?.get('x-internal')).toBe('1');
    const app = express().set('env', 'test');
    app.get('/', (_request, _response, next) => next(error));
    const server = app.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { status, headers: sent } = await fetch(`http://127.0.0.1:${getPort(server)}/`);
    expect(status).toBe(502);
    expect([sent.get('set-cookie'), sent.get('x-internal')]).toEqual([null, null]);
  });
});

describe('the help of an error', () => {
  it('is the address that the protocol gives its code', () => {
    onTestFinished(() => setDocumentationUrl('/docs/'));
    setDocumentationUrl('https://docs.example/cpg');
    const { help } = new CpgError('timeout', 'x');
    expect(help).toBe('https://docs.example/cpg/errors/client.html#timeout');
    expect(help).toBe(getErrorUrl('client', 'timeout'));
  });
});

describe('the class of an error', () => {
  it.each(Object.keys(CPG_ERROR_CODES) as errors.CpgErrorCode[])('follows its code: %s', (code) => {
    const error = new CpgError(code, 'x', { status: 418 });
    const kind = exports[CLASSES[code]] as typeof CpgError;
    expect(error).toBeInstanceOf(kind);
    expect(error).toBeInstanceOf(CpgError);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.constructor, kind.is(error), CpgError.is(error)]).toEqual([
      CLASSES[code],
      kind,
      true,
      true,
    ]);
    expect(String(error)).toBe(`${CLASSES[code]}: x`);
    expect(error.toJSON()).toEqual({
      ...{ name: CLASSES[code], code, message: 'x', status: 418, attempts: 0, retryable: false },
      help: `/docs/errors/client.html#${code}`,
    });
  });

  it('is one of the exported classes, each of which is used', () => {
    const exported = Object.values(exports).filter(
      (value) => typeof value === 'function' && value.prototype instanceof CpgError,
    );
    expect(new Set(exported)).toEqual(new Set(Object.values(CLASSES).map((name) => exports[name])));
  });

  it('is recognized in errors of another copy of the package', async () => {
    vi.resetModules();
    const copy: typeof errors = await import('./errors.ts');
    const error = new copy.CpgError('not_found', 'x');
    expect(error).not.toBeInstanceOf(CpgError);
    expect([CpgError.is(error), NotFoundError.is(error), RateLimitError.is(error)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([error].filter(CpgError.is)).toEqual([error]);
  });

  it.each([
    [undefined, false],
    [{ code: 'not_found' }, false],
    [new Error('not_found'), false],
    [new CpgError('replayed', 'x'), false],
  ])('is not the one of %o', (value, expected) => {
    expect(NotFoundError.is(value)).toBe(expected);
  });

  it('stays that of a subclass of a program', () => {
    class Custom extends CpgError {}
    const error = new Custom('replayed', 'x');
    expect(error).toBeInstanceOf(Custom);
    expect(ReplayedError.is(error)).toBe(true);
  });
});
