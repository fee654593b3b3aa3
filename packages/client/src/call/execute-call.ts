import type { Endpoint, ResponseOf } from '@cpg/protocol';
import { notify } from '../callbacks.ts';
import { CpgError } from '../errors/cpg-error.ts';
import { OutcomeUnknownError } from '../errors/outcome-unknown-error.ts';
import { checkOptions } from '../options.ts';
import { buildRequest, type CallArguments } from './build-request.ts';
import { CALL_RULES, type CallOptions, limitsOf } from './call-options.ts';
import { CallScope } from './call-scope.ts';
import type { ClientContext } from './client-context.ts';
import type { WithResponse } from './cpg-call.ts';
import { judgeAttempt } from './judge-attempt.ts';
import { decidesOutcome, mayHaveExecuted } from './outcome.ts';
import { retryDelay } from './retry-policy.ts';
import { sendAttempt } from './send-attempt.ts';

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
