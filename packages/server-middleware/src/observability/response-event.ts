import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { createPathMatcher, endpoints, type Rejection, type RejectionCode } from '@cpg/protocol';
import type { Check, DecisionTrace } from '../authenticate/decision-trace.ts';
import type { ServerMiddlewareErrorCode } from '../errors.ts';
import type { HttpResponse, NodeResponseLike } from '../http/responses.ts';
import { createPrivateField } from '../private-field.ts';
import { guardSubscribers } from '../user-code.ts';

/**
 * The name of the `node:diagnostics_channel` on which one {@link ResponseEvent} a request is published, when its response
 * finished or its connection closed.
 */
export const RESPONSE_CHANNEL = 'cpg.server-middleware.response';

/** The part of a service that rejected a request: a check of the authentication, or one around it. */
export type ResponseCheck = Check | 'ip_backstop' | 'routing' | 'permission' | 'json' | 'schema' | 'handler';

/** One request and its response, for metrics and audit logs. Contains no secret, signature, query or body. */
export interface ResponseEvent {
  /** The `X-Request-Id` of the request if it is plain (1 to 128 of `A-Z a-z 0-9 _ . : / + = @ -`), else a new UUID. */
  readonly requestId: string;
  readonly clientIp?: string | undefined;
  /** Only the id of an existing key: any other may be a secret in the wrong place. */
  readonly keyId?: string | undefined;
  readonly method: string;
  readonly path: string;
  /** The path template, such as `/v1/withdrawals/{withdrawal_id}`; missing for an unknown path. */
  readonly route?: string | undefined;
  /** The status of the response; missing if the connection closed before it started. */
  readonly status?: number | undefined;
  /** `served`, `aborted` (the connection closed before a response was complete), or the code of the rejection. */
  readonly outcome: 'served' | 'aborted' | RejectionCode;
  /** The check that rejected the request, or that threw an error. */
  readonly rejectedBy?: ResponseCheck | undefined;
  /** The code of a `ServerMiddlewareError` behind a 500 or 503. */
  readonly errorCode?: ServerMiddlewareErrorCode | undefined;
  /** Whether the response was written in full. */
  readonly isComplete: boolean;
  /** The checks of the authentication that passed, each with its milliseconds. */
  readonly passed: DecisionTrace['passed'];
  /** Milliseconds of the authentication; missing for a request that did not reach it. */
  readonly authenticationMs?: number | undefined;
  /** Milliseconds in total. */
  readonly ms: number;
  /** The start of the request, Unix milliseconds. */
  readonly startedAt: number;
}

/** What a recorder needs to know of a request. */
export interface RequestToRecord {
  readonly method: string;
  /** The request target as on the wire. */
  readonly target: string;
  readonly clientIp?: string | undefined;
  /** The value of `X-Request-Id`, or an id that a logger has given; unusable values are replaced. */
  readonly requestId?: unknown;
  /** Returns the framework's path template, read when the response ends. */
  readonly getRoute?: (() => string | undefined) | undefined;
}

const responses = channel(RESPONSE_CHANNEL);
guardSubscribers(responses);

const PLAIN_ID = /^[\w.:/+=@-]{1,128}$/;

const TEMPLATES = Object.values(endpoints).map(({ path }) => ({ path, match: createPathMatcher(path) }));

const CHECK_OF_CODE: Partial<Record<RejectionCode, ResponseCheck>> = {
  too_many_requests_from_ip: 'ip_backstop',
  method_not_allowed: 'routing',
  missing_permission: 'permission',
  malformed_json_body: 'json',
  validation_failed: 'schema',
};

/**
 * Collects one {@link ResponseEvent}. The contract of an adapter: call `startRecording` at the start of a request, pass the
 * recorder as `request.recorder` to the gate (or `authenticate`) and to the router, call `responding` with each response of
 * this package before it is sent, and `finish` once the response ended. For `node:http` responses `recordResponse`
 * replaces the first and the last call, and `sendResponse` and `sendRejection` the third.
 */
export class ResponseRecorder {
  readonly #request: RequestToRecord;
  readonly #startedAt = Date.now();
  readonly #startedMs = performance.now();
  readonly requestId: string;
  #decision: DecisionTrace | undefined;
  #route: string | undefined;
  #rejection: Rejection | undefined;
  #rejectedBy: ResponseCheck | undefined;
  #errorCode: ServerMiddlewareErrorCode | undefined;
  #isFinished = false;

  constructor(request: RequestToRecord) {
    this.#request = request;
    const { requestId } = request;
    this.requestId = typeof requestId === 'string' && PLAIN_ID.test(requestId) ? requestId : randomUUID();
  }

  /** The result of the authentication; called by `authenticate`. */
  decided(decision: DecisionTrace): void {
    this.#decision = decision;
  }

  /** The path template that a router found. */
  routed(template: string): void {
    this.#route = template;
  }

  /** A rejection that is about to be sent; the first one counts. */
  rejected(rejection: Rejection, rejectedBy?: ResponseCheck): void {
    if (this.#rejection !== undefined) return;
    this.#rejection = rejection;
    this.#rejectedBy =
      rejectedBy ?? this.#decision?.rejectedBy ?? CHECK_OF_CODE[rejection.code] ?? this.#getHandler();
  }

  /** A response of this package that is about to be sent; `sendResponse` and `sendRejection` call it. */
  responding({ rejection, errorCode }: Pick<HttpResponse, 'rejection' | 'errorCode'>): void {
    this.#errorCode ??= errorCode;
    if (rejection !== undefined) this.rejected(rejection);
  }

  /** Publishes the event, once. `isComplete` is false if the connection closed before the response was written. */
  finish(status: number | undefined, isComplete = true): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const { method, target, clientIp, getRoute } = this.#request;
    const path = target.split('?', 1)[0] as string;
    const event: ResponseEvent = {
      requestId: this.requestId,
      clientIp,
      keyId: this.#decision?.keyId,
      method,
      path,
      route: this.#route ?? getRoute?.() ?? TEMPLATES.find(({ match }) => match(path) !== undefined)?.path,
      status,
      outcome: this.#rejection?.code ?? (isComplete ? 'served' : 'aborted'),
      rejectedBy: this.#rejectedBy,
      errorCode: this.#errorCode,
      isComplete,
      passed: this.#decision?.passed ?? [],
      authenticationMs: this.#decision?.ms,
      ms: performance.now() - this.#startedMs,
      startedAt: this.#startedAt,
    };
    responses.publish(event);
  }

  #getHandler(): ResponseCheck | undefined {
    return this.#decision?.outcome === 'authenticated' ? 'handler' : undefined;
  }
}

/** Starts recording a request; `undefined`, at no cost, unless {@link RESPONSE_CHANNEL} has a subscriber. */
export const startRecording = (describe: () => RequestToRecord): ResponseRecorder | undefined =>
  responses.hasSubscribers ? new ResponseRecorder(describe()) : undefined;

const recorders = createPrivateField<ResponseRecorder>();

/**
 * Records a response of `node:http`, or of a framework on it, to its end; the same response once. The event is published
 * in the async context of the first call. Returns `undefined`, at no cost, without a subscriber.
 */
export const recordResponse = (
  recorded: NodeResponseLike,
  describe: () => RequestToRecord,
): ResponseRecorder | undefined => {
  if (!responses.hasSubscribers) return undefined;
  const response = recorded as ServerResponse;
  const known = recorders.get(response);
  if (known !== undefined) return known;
  const recorder = new ResponseRecorder(describe());
  recorders.set(response, recorder);
  const context = new AsyncResource('CpgResponse');
  let isFinished = false;
  const finish = (isComplete: boolean) => {
    if (isFinished) return;
    isFinished = true;
    const status = response.headersSent ? response.statusCode : undefined;
    context.runInAsyncScope(() => recorder.finish(status, isComplete));
  };
  // Before other listeners, which may end the span of the request. Not `once`, which makes two functions for each listener.
  response.prependListener('finish', () => finish(true));
  response.prependListener('close', () => finish(false));
  return recorder;
};

/** Returns the recorder of a response that is recorded. */
export const getRecorder = (response: ServerResponse): ResponseRecorder | undefined =>
  responses.hasSubscribers ? recorders.get(response) : undefined;
