import type { Endpoint, ResponseOf, SuccessEnvelope } from '@cpg/protocol';
import { CpgError, OutcomeUnknownError } from '../errors.ts';
import {
  ANY,
  checkOptions,
  MILLISECONDS,
  type OptionRule,
  type OptionRules,
  SIGNAL,
  TEXT,
} from '../guards.ts';
import { isReadMethod, type RequestBytes } from '../signing/request-signer.ts';
import { isSameOffset } from '../signing/server-clock.ts';
import { evaluateAttempt, sendAttempt } from './attempt.ts';
import { CALL_RULES, type CallOptions, CallScope, resolveLimits } from './call-scope.ts';
import type { ClientContext } from './context.ts';
import { CpgCall, type WithResponse } from './cpg-call.ts';
import { checkHeaders } from './headers.ts';
import { getRetryDelay } from './pacing.ts';
import {
  buildAnyRequest,
  buildRequest,
  type CallArguments,
  getOperation,
  type RequestToBuild,
} from './request.ts';
import { createEnvelopeReader, createReader, type ResponseReader } from './response.ts';

/** Makes the calls of a client's resources. */
export class Caller {
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Starts a call of an endpoint immediately. */
  readonly call = <E extends Endpoint>({
    endpoint,
    given,
    ...rest
  }: EndpointCall<E>): CpgCall<ResponseOf<E>> =>
    new CpgCall(
      executeCall(this.#context, {
        ...rest,
        reader: createReader(endpoint),
        build: () => buildRequest(endpoint, given),
      }),
    );

  /** Starts a call of any target immediately. */
  readonly request = <Data>(
    toBuild: RequestToBuild,
    options: RequestOptions,
  ): CpgCall<SuccessEnvelope<Data>> => {
    const { origin } = this.#context;
    return new CpgCall(
      executeCall(this.#context, {
        reader: createEnvelopeReader<Data>(getOperation(toBuild)),
        build: () => buildAnyRequest(origin, { ...toBuild, body: options.body }),
        options,
        rules: REQUEST_RULES,
        idempotencyReference: options?.idempotencyReference,
      }),
    );
  };

  /** Reads repeatedly until the result is final. */
  readonly poll = <Result>(toRun: PollToRun<Result>): Promise<Result> => poll(this.#context, toRun);
}

/** The options of {@link CpgClient.request}. */
export interface RequestOptions extends CallOptions {
  /** Objects are sent as JSON, text and bytes unchanged. */
  readonly body?: unknown;
  /**
   * The value in the body (`client_reference`, `idempotency_key`) that makes a repetition harmless. The client
   * does not add it to the body.
   */
  readonly idempotencyReference?: string | undefined;
}

const REQUEST_RULES: OptionRules<RequestOptions> = { ...CALL_RULES, body: ANY, idempotencyReference: TEXT };

interface EndpointCall<E extends Endpoint> {
  readonly endpoint: E;
  readonly given: CallArguments;
  readonly options: CallOptions;
  /** Makes a POST safe to repeat. */
  readonly idempotencyReference?: string | undefined;
}

interface CallToExecute<Result> {
  readonly reader: ResponseReader<Result>;
  /** Called when the options have been checked. */
  readonly build: () => RequestBytes;
  readonly options: CallOptions;
  /** @default CALL_RULES */
  readonly rules?: Readonly<Record<string, OptionRule>> | undefined;
  /** Makes a POST safe to repeat. */
  readonly idempotencyReference?: string | undefined;
}

/** Runs one logical call: every attempt sends the same content with a new signature (wire protocol §6). */
const executeCall = async <Result>(
  context: ClientContext,
  { reader, build, options, rules = CALL_RULES, idempotencyReference }: CallToExecute<Result>,
): Promise<WithResponse<Result>> => {
  const operation = reader.name;
  checkOptions(operation, options, rules);
  checkHeaders(operation, options.headers);
  const request = build();
  const { timeoutMs, deadlineMs, maxRetries } = resolveLimits(options, context.limits);
  const { time, clock, closed } = context;
  const scope = new CallScope({
    operation,
    idempotencyReference,
    time,
    deadlineMs,
    signal: options.signal,
    closed,
  });
  const isRead = isReadMethod(request.method);
  const { headers } = options;
  const isRepeatable = isRead || idempotencyReference !== undefined;
  let maybeExecuted = false;
  const rejectedOffsets: number[] = [];
  let wasReplayed = false;
  try {
    for (;;) {
      const sent = await sendAttempt(context, { scope, request, timeoutMs, headers, wasReplayed });
      const mayMeasure = rejectedOffsets.length === 0;
      const evaluated = evaluateAttempt(context, { reader, scope, sent, mayMeasure });
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
      context.observer.retry({
        operation,
        callId: scope.id,
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
