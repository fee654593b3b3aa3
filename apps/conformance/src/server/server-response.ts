import type { Checker } from '../core/checker.ts';
import type { Expected } from '../core/probes/index.ts';
import type { Answer } from '../core/rejections.ts';
import { type HttpMessage, valuesOf } from '../wire/http-message.ts';

/** A server's answer, read from raw bytes. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: HttpMessage['headers'];
  readonly text: string;
  /** `undefined` when the body is not JSON. */
  readonly json: unknown;
}

/** The first value of a header; `undefined` when there is none. */
export const headerOf = (answer: Pick<ServerAnswer, 'headers'>, name: string): string | undefined =>
  valuesOf(answer, name)[0];

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const toServerAnswer = (message: HttpMessage): ServerAnswer => {
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/.exec(message.startLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(message.startLine)}`);
  const text = message.body.toString('utf8');
  return { status, headers: message.headers, text, json: parseJson(text) };
};

const CONTENT_TYPE = 'application/json; charset=utf-8';

const fieldsOf = (json: unknown): string =>
  typeof json === 'object' && json !== null ? Object.keys(json).toSorted().join(', ') : `not an object`;

/** Exactly this refusal: status, content type, and an envelope with `success` and `message` and nothing else. Contract §3. */
export const expectRefused = (check: Checker, answer: ServerAnswer, expected: Answer): void => {
  const line = (status: number, message: unknown) => `${status} ${String(message)}`;
  const { success, message } = (answer.json ?? {}) as Readonly<Record<string, unknown>>;
  check.equal('status and message', {
    expected: line(expected.status, expected.message),
    actual: line(answer.status, message ?? answer.text),
  });
  check.equal('fields of the envelope', { expected: 'message, success', actual: fieldsOf(answer.json) });
  check.equal('success', { expected: false, actual: success === false ? false : String(success) });
  check.equal('Content-Type', { expected: CONTENT_TYPE, actual: headerOf(answer, 'content-type') });
};

/** 200 with the success envelope, and no rate-limit headers. Contract §3, §4. */
export const expectAccepted = (check: Checker, answer: ServerAnswer): void => {
  const { success, message, data } = (answer.json ?? {}) as Readonly<Record<string, unknown>>;
  check.that(answer.status === 200, {
    what: 'status',
    expected: '200',
    actual: `${answer.status} ${String(message ?? answer.text)}`,
  });
  check.equal('success', { expected: true, actual: success === true ? true : String(success) });
  check.equal('message', { expected: 'OK', actual: String(message) });
  check.that(data !== undefined, { what: 'data', expected: 'present', actual: 'missing' });
  check.equal('Content-Type', { expected: CONTENT_TYPE, actual: headerOf(answer, 'content-type') });
  const limits = answer.headers.find(([name]) => /^(?:x-)?ratelimit/i.test(name));
  check.equal('rate-limit headers on success', { expected: 'none', actual: limits?.[0] ?? 'none' });
};

const REFUSES_BEFORE_ROUTES = new Set([401, 413, 415, 429]);

/** Let in, whatever the route says about it: no answer that the checks up to admission give, and no server error. */
export const expectAuthenticated = (check: Checker, answer: ServerAnswer): void => {
  const message = (answer.json as { readonly message?: unknown } | undefined)?.message;
  const isRefused =
    REFUSES_BEFORE_ROUTES.has(answer.status) ||
    answer.status >= 500 ||
    (answer.status === 400 && message !== 'Malformed JSON body');
  check.that(!isRefused, {
    what: 'authentication',
    expected: 'past authentication (200, 404, 405, 422 or 400 Malformed JSON body)',
    actual: `${answer.status} ${String(message ?? answer.text)}`,
  });
};

/** Let in, and not refused for its permission. */
export const expectPermitted = (check: Checker, answer: ServerAnswer, what = 'permission'): void => {
  expectAuthenticated(check, answer);
  check.that(answer.status !== 403, { what, expected: 'granted', actual: `403 ${answer.text}` });
};

/** Any 4xx, in any form: the HTTP parser may answer before the application sees the request. */
export const expectClientError = (check: Checker, answer: ServerAnswer): void =>
  check.that(answer.status >= 400 && answer.status < 500, {
    what: 'status',
    expected: '4xx',
    actual: String(answer.status),
  });

export const expectAnswer = (check: Checker, answer: ServerAnswer, expected: Expected): void => {
  if (expected === 'accepted') expectAccepted(check, answer);
  else if (expected === 'authenticated') expectAuthenticated(check, answer);
  else expectRefused(check, answer, expected);
};
