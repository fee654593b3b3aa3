import { type Checker, ImplementationFailure } from '../core/checker.ts';
import type { Expected } from '../core/probes/index.ts';
import type { ExpectedRejection } from '../core/rejections.ts';
import { getHeaderValues, type HttpMessage } from '../wire/http-message.ts';

/** A server's response, parsed from raw bytes. */
export interface ServerResponse {
  readonly status: number;
  readonly headers: HttpMessage['headers'];
  readonly text: string;
  /** `undefined` when the body is not JSON. */
  readonly json: unknown;
}

/** The first value of a header; `undefined` when there is none. */
export const getHeader = (response: Pick<ServerResponse, 'headers'>, name: string): string | undefined =>
  getHeaderValues(response, name)[0];

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const parseServerResponse = (message: HttpMessage): ServerResponse => {
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/.exec(message.startLine)?.[1]);
  if (Number.isNaN(status))
    throw new ImplementationFailure(`not a status line: ${JSON.stringify(message.startLine.slice(0, 200))}`);
  const text = message.body.toString('utf8');
  return { status, headers: message.headers, text, json: parseJson(text) };
};

/**
 * Expects the media type `application/json`, in any spelling; the charset parameter is optional. Wire protocol
 * §3.
 */
const expectJsonType = (check: Checker, response: ServerResponse): void => {
  const actual = getHeader(response, 'content-type') ?? '(no header)';
  const [type, ...parameters] = actual.split(';').map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every((each) => /^(?:|charset="?utf-8"?)$/.test(each));
  check.that(type === 'application/json' && isUtf8, {
    what: 'Content-Type',
    expected: 'application/json; a charset parameter, if any, is utf-8',
    actual,
  });
};

const listFields = (json: unknown): string =>
  typeof json === 'object' && json !== null ? Object.keys(json).toSorted().join(', ') : `not an object`;

/**
 * Expects exactly this rejection: status, media type, and an envelope of `success` and `message` only. Wire
 * protocol §3.
 */
export const expectRejected = (
  check: Checker,
  response: ServerResponse,
  expected: ExpectedRejection,
): void => {
  const line = (status: number, message: unknown) => `${status} ${String(message)}`;
  const { success, message } = (response.json ?? {}) as Readonly<Record<string, unknown>>;
  check.equal('status and message', {
    expected: line(expected.status, expected.message),
    actual: line(response.status, message ?? response.text),
  });
  check.equal('fields of the envelope', { expected: 'message, success', actual: listFields(response.json) });
  check.equal('success', { expected: false, actual: success === false ? false : String(success) });
  expectJsonType(check, response);
};

/** Expects 200 with the success envelope and without rate-limit headers. Wire protocol §3, §4. */
export const expectAccepted = (check: Checker, response: ServerResponse): void => {
  const { success, message, data } = (response.json ?? {}) as Readonly<Record<string, unknown>>;
  check.that(response.status === 200, {
    what: 'status',
    expected: '200',
    actual: `${response.status} ${String(message ?? response.text)}`,
  });
  check.equal('success', { expected: true, actual: success === true ? true : String(success) });
  check.equal('message', { expected: 'OK', actual: String(message) });
  check.that(data !== undefined, { what: 'data', expected: 'present', actual: 'missing' });
  expectJsonType(check, response);
  const limits = response.headers.find(([name]) => /rate-?limit/i.test(name));
  check.equal('rate-limit headers on success', { expected: 'none', actual: limits?.[0] ?? 'none' });
};

/** Expects neither `Retry-After` nor the rate-limit headers of any draft. Wire protocol §2 restriction 4. */
export const expectNoRateHeaders = (check: Checker, response: ServerResponse): void => {
  check.equal('Retry-After', { expected: undefined, actual: getHeader(response, 'retry-after') });
  const limits = response.headers.find(([name]) => /rate-?limit/i.test(name));
  check.equal('rate-limit headers', { expected: 'none', actual: limits?.[0] ?? 'none' });
};

const REJECTED_BEFORE_ROUTES = new Set([401, 413, 415, 429]);

/** Expects a response of the route: no rejection by the checks up to admission, no redirect, and no server error. */
export const expectAuthenticated = (check: Checker, response: ServerResponse): void => {
  const message = (response.json as { readonly message?: unknown } | undefined)?.message;
  const isRejected =
    REJECTED_BEFORE_ROUTES.has(response.status) ||
    (response.status >= 300 && response.status < 400) ||
    response.status >= 500 ||
    (response.status === 400 && message !== 'Malformed JSON body');
  check.that(!isRejected, {
    what: 'authentication',
    expected: 'past authentication (200, 404, 405, 422 or 400 Malformed JSON body)',
    actual: `${response.status} ${String(message ?? response.text)}`,
  });
};

/** Expects a response of the route that is no rejection for a missing permission. */
export const expectPermitted = (check: Checker, response: ServerResponse, what = 'permission'): void => {
  expectAuthenticated(check, response);
  check.that(response.status !== 403, { what, expected: 'granted', actual: `403 ${response.text}` });
};

/** Expects any 4xx in any form: the HTTP parser may respond before the application sees the request. */
export const expectClientError = (check: Checker, response: ServerResponse): void =>
  check.that(response.status >= 400 && response.status < 500, {
    what: 'status',
    expected: '4xx',
    actual: String(response.status),
  });

export const expectResponse = (check: Checker, response: ServerResponse, expected: Expected): void => {
  if (expected === 'accepted') expectAccepted(check, response);
  else if (expected === 'authenticated') expectAuthenticated(check, response);
  else expectRejected(check, response, expected);
};
