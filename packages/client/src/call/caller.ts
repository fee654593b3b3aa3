import type { Endpoint, ResponseOf } from '@cpg/protocol';
import { CpgError, OutcomeUnknownError } from '../errors.ts';
import { checkOptions, MILLISECONDS, notify, type OptionRule, type OptionRules, SIGNAL } from '../guards.ts';
import { judgeAttempt, sendAttempt } from './attempt.ts';
import { CALL_RULES, type CallOptions, CallScope, limitsOf } from './call-scope.ts';
import { buildRequest, type CallArguments } from './codec.ts';
import type { ClientContext } from './context.ts';
import { CpgCall, type WithResponse } from './cpg-call.ts';
import { retryDelay } from './pacing.ts';

/** How the resources of one client make their calls. */
export class Caller {
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Starts a call at once. */
  readonly call = <E extends Endpoint>(call: CallToExecute<E>): CpgCall<ResponseOf<E>> =>
    new CpgCall(executeCall(this.#context, call));

  /** Reads again and again until what is read is final. */
  readonly poll = <Result>(toRun: PollToRun<Result>): Promise<Result> => poll(this.#context, toRun);
}

export interface CallToExecute<E extends Endpoint> {
  readonly endpoint: E;
  readonly given: CallArguments;
  readonly options: CallOptions;
  /** What makes a POST repeatable. */
  readonly idempotencyReference?: string | undefined;
}

/** Runs one logical call: the same bytes in every attempt, each attempt signed anew. Contract §6. */
export const executeCall = async <E extends Endpoint>(
  context: ClientContext,
  { endpoint, given, options, idempotencyReference }: CallToExecute<E>,
): Promise<WithResponse<ResponseOf<E>>> => {
  checkOptions(endpoint.name, options, CALL_RULES);
  const request = buildRequest(endpoint, given);
  const { timeoutMs, deadlineMs, maxRetries } = limitsOf(options, context.limits);
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
  const isRead = endpoint.method === 'GET';
  const isRepeatable = isRead || idempotencyReference !== undefined;
  let maybeExecuted = false;
  let mayCorrectClock = true;
  let scatter = false;
  try {
    for (;;) {
      const sent = await sendAttempt(context, { scope, request, timeoutMs, scatter });
      const judged = judgeAttempt(context, { endpoint, scope, sent });
      if (!CpgError.is(judged)) return judged;
      maybeExecuted ||= !isRead && sent.maybeSent && mayHaveExecuted(judged);
      const delayMs = retryDelay({
        error: judged,
        attempt: scope.attempts,
        maxRetries,
        isRepeatable,
        clockCorrected: mayCorrectClock && clock.offsetMs !== sent.offsetMs,
        headers: CpgError.is(sent.answer) ? {} : sent.answer.headers,
        now: clock.now(),
        random: Math.random(),
      });
      if (delayMs === undefined || delayMs >= scope.remainingMs) throw judged;
      if (judged.code === 'clock_skew') mayCorrectClock = false;
      scatter = judged.rejection === 'signature_already_used';
      const { code, status } = judged;
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
    const { status, wireMessage, rejection, requestId } = error;
    throw new OutcomeUnknownError(operation, {
      ...scope.details,
      status,
      wireMessage,
      rejection,
      requestId,
      cause: error,
    });
  } finally {
    scope.dispose();
  }
};

// No route that moves money answers 404: that is a machine in between, or a gateway without the route.
const DECIDED_STATUSES = new Set([400, 409, 422]);

/**
 * Whether the request may have been executed although the attempt failed: no reply, one from halfway, an unreadable one; or
 * these very bytes were accepted before, as when a proxy sends a request again.
 */
export const mayHaveExecuted = ({ status, code, rejection }: CpgError): boolean =>
  status === undefined ||
  status === 408 ||
  status >= 500 ||
  code === 'invalid_response' ||
  rejection === 'signature_already_used';

/**
 * Whether the business logic has answered, so that this error is the outcome whatever an earlier attempt did. A refusal
 * without the envelope's `message` is of a machine in between, and says nothing about that attempt.
 */
export const decidesOutcome = ({ status, wireMessage }: CpgError): boolean =>
  status !== undefined && wireMessage !== undefined && DECIDED_STATUSES.has(status);

export interface PollOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait in all; `Infinity` for no limit. @default 900000 */
  readonly deadlineMs?: number | undefined;
}

export interface PollToRun<Result> {
  readonly operation: string;
  readonly options: PollOptions;
  readonly rules: Readonly<Record<string, OptionRule>>;
  readonly read: (options: CallOptions) => PromiseLike<Result>;
  readonly isFinal: (result: Result) => boolean;
}

/** What `checkOptions` accepts for waiting. */
export const POLL_RULES: OptionRules<PollOptions> = { signal: SIGNAL, deadlineMs: MILLISECONDS };

const DEFAULT_DEADLINE_MS = 15 * 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const GROWTH = 1.5;

/**
 * Reads until the result is final: after 1 s, then in pauses that grow to 15 s. A failure that may pass by itself is
 * waited out like any other pause.
 *
 * @throws CpgError `deadline_exceeded` when it never became final in time; `aborted`; and what `read` throws for good.
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
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * GROWTH, LONGEST_PAUSE_MS)) {
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
