import type { Endpoint, ResponseOf } from '@cpg/protocol';
import { CpgError } from '../errors/cpg-error.ts';
import type { CallScope } from './call-scope.ts';
import type { ClientContext } from './client-context.ts';
import type { WithResponse } from './cpg-call.ts';
import { readAnswer } from './read-answer.ts';
import { requestIdOf } from './request-id.ts';
import type { SentAttempt } from './send-attempt.ts';

export interface AttemptToJudge<E extends Endpoint> {
  readonly endpoint: E;
  readonly scope: CallScope;
  readonly sent: SentAttempt;
}

/** The result of an attempt or its error; learns the clock from answers of the gateway itself. Contract §6, rule 4. */
export const judgeAttempt = <E extends Endpoint>(
  context: ClientContext,
  { endpoint, scope, sent }: AttemptToJudge<E>,
): WithResponse<ResponseOf<E>> | CpgError => {
  const { answer, signature } = sent;
  if (CpgError.is(answer)) return answer;
  const { status, headers } = answer;
  const requestId = requestIdOf(answer);
  try {
    const result = readAnswer(endpoint, answer, { signature, details: { ...scope.details, requestId } });
    learnClock(context, sent, headers);
    return { result, response: { status, headers, requestId, attempts: scope.attempts } };
  } catch (error) {
    if (!CpgError.is(error)) throw error;
    // Any other failure may come from a machine in between, whose clock is not the gateway's.
    if (error.code === 'clock_skew') learnClock(context, sent, headers);
    return error;
  }
};

const learnClock = (
  { clock }: ClientContext,
  { sentAt, receivedAt }: SentAttempt,
  { date, age }: Readonly<Record<string, unknown>>,
): void => {
  clock.learn({ date: textOf(date), age: textOf(age), sentAt, receivedAt });
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
