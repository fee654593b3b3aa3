import type { Endpoint, ResponseOf } from '@cpg/protocol';
import { CpgError, OutcomeUnknownError } from '../errors.ts';
import { checkOptions, MILLISECONDS, notify, type OptionRule, type OptionRules, SIGNAL } from '../guards.ts';
import { isReadMethod } from '../signing/request-signer.ts';
import { isSameOffset } from '../signing/server-clock.ts';
import { evaluateAttempt, sendAttempt } from './attempt.ts';
import { CALL_RULES, type CallOptions, CallScope, resolveLimits } from './call-scope.ts';
import type { ClientContext } from './context.ts';
import { CpgCall, type WithResponse } from './cpg-call.ts';
import { getRetryDelay } from './pacing.ts';
import { buildRequest, type CallArguments } from './request.ts';

/** Makes the calls of a client's resources. */
export class Caller {
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Starts a call immediately. */
  readonly call = <E extends Endpoint>(call: CallToExecute<E>): CpgCall<ResponseOf<E>> =>
    new CpgCall(executeCall(this.#context, call));

  /** Reads repeatedly until the result is final. */
  readonly poll = <Result>(toRun: PollToRun<Result>): Promise<Result> => poll(this.#context, toRun);
}

interface CallToExecute<E extends Endpoint> {
  readonly endpoint: E;
  readonly given: CallArguments;
  readonly options: CallOptions;
  /** Makes a POST safe to repeat. */
  readonly idempotencyReference?: string | undefined;
}

/** Runs one logical call: every attempt sends the same content with a new signature (wire protocol §6). */
const executeCall = async <E extends Endpoint>(
  context: ClientContext,
  { endpoint, given, options, idempotencyReference }: CallToExecute<E>,
): Promise<WithResponse<ResponseOf<E>>> => {
  checkOptions(endpoint.name, options, CALL_RULES);
  const request = buildRequest(endpoint, given);
  const { timeoutMs, deadlineMs, maxRetries } = resolveLimits(options, context.limits);
  const { time, clock, closed } = context;
  const operation = endpoint.name;
  const scope = new CallScope({
    operation,
    idempotencyReference,
    time,
    deadlineMs,
    signal: options.signal,
    closed,
  });
  const isRead = isReadMethod(endpoint.method);
  const isRepeatable = isRead || idempotencyReference !== undefined;
  let maybeExecuted = false;
  const rejectedOffsets: number[] = [];
  let wasReplayed = false;
  try {
    for (;;) {
      const sent = await sendAttempt(context, { scope, request, timeoutMs, wasReplayed });
      const mayMeasure = rejectedOffsets.length === 0;
      const evaluated = evaluateAttempt(context, { endpoint, scope, sent, mayMeasure });
      if (!CpgError.is(evaluated)) return evaluated;
      if (evaluated.code === 'clock_skew') rejectedOffsets.push(sent.offsetMs);
      maybeExecuted ||= !isRead && sent.maybeSent && mayHaveExecuted(evaluated);
      const delayMs = getRetryDelay({
        error: evaluated,
        attempt: scope.attempts,
        maxRetries,
        isRepeatable,
        clockCorrected: !rejectedOffsets.some((offset) => isSameOffset(offset, clock.offsetMs)),
        headers: CpgError.is(sent.response) ? {} : sent.response.headers,
        now: clock.now(),
        random: Math.random(),
      });
      if (delayMs === undefined || delayMs >= scope.remainingMs) throw evaluated;
      wasReplayed = evaluated.rejection === 'signature_already_used';
      const { code, status } = evaluated;
      notify('The onRetry hook of CpgClient', context.hooks.onRetry, {
        operation,
        attempt: scope.attempts,
        code,
        status,
        delayMs,
      });
      if (delayMs > 0) await scope.sleep(delayMs);
    }
  } catch (error) {
    if (!maybeExecuted || !CpgError.is(error) || decidesOutcome(error)) throw error;
    const { status, wireMessage, rejection, requestId, headers, bodyExcerpt } = error;
    throw new OutcomeUnknownError(operation, {
      ...scope.details,
      status,
      wireMessage,
      rejection,
      requestId,
      headers,
      bodyExcerpt,
      cause: error,
    });
  } finally {
    scope.dispose();
  }
};

// Not 404: routes that move money never respond with it, so it comes from an intermediary.
const DECIDED_STATUSES = new Set([400, 409, 422]);

/**
 * Whether the request may have been executed although the attempt failed: there was no response, it came from
 * an intermediary or was unreadable, or the gateway accepted the same bytes before because a proxy resent
 * them.
 */
const mayHaveExecuted = ({ status, code, rejection }: CpgError): boolean =>
  status === undefined ||
  status === 408 ||
  status >= 500 ||
  code === 'invalid_response' ||
  rejection === 'signature_already_used';

/**
 * Whether this error is the outcome of the call whatever an earlier attempt did, because the gateway's
 * business logic decided it. A rejection without the envelope's `message` comes from an intermediary and
 * decides nothing.
 */
const decidesOutcome = ({ status, wireMessage }: CpgError): boolean =>
  status !== undefined && wireMessage !== undefined && DECIDED_STATUSES.has(status);

/** Options of a method that waits for a result. */
export interface PollOptions {
  /** Aborts the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait in total; `Infinity` for no limit. @default 900000 */
  readonly deadlineMs?: number | undefined;
}

interface PollToRun<Result> {
  readonly operation: string;
  readonly options: PollOptions;
  readonly rules: Readonly<Record<string, OptionRule>>;
  readonly read: (options: CallOptions) => PromiseLike<Result>;
  readonly isFinal: (result: Result) => boolean;
}

/** Option rules of polling. */
export const POLL_RULES: OptionRules<PollOptions> = { signal: SIGNAL, deadlineMs: MILLISECONDS };

const DEFAULT_DEADLINE_MS = 15 * 60_000;
const INITIAL_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
const GROWTH = 1.5;

/**
 * Reads until the result is final, at intervals that grow from 1 s to 15 s. Retryable errors do not end the
 * polling.
 *
 * @throws CpgError `deadline_exceeded`, `aborted`, `client_closed`, and errors of `read` that are not
 * retryable.
 */
export const poll = async <Result>(
  { time, closed }: ClientContext,
  { operation, options, rules, read, isFinal }: PollToRun<Result>,
): Promise<Result> => {
  checkOptions(operation, options, rules);
  const { signal, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const scope = new CallScope({
    operation,
    idempotencyReference: undefined,
    time,
    deadlineMs,
    signal,
    closed,
  });
  try {
    for (let pauseMs = INITIAL_PAUSE_MS; ; pauseMs = Math.min(pauseMs * GROWTH, MAX_PAUSE_MS)) {
      scope.throwIfEnded();
      try {
        const result = await read({ signal, deadlineMs: Math.max(1, scope.remainingMs) });
        if (isFinal(result)) return result;
      } catch (error) {
        if (!CpgError.is(error) || !error.retryable) throw error;
      }
      await scope.sleep(pauseMs);
    }
  } finally {
    scope.dispose();
  }
};
