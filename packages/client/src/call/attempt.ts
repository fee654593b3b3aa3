import { type Endpoint, type ResponseOf, SIGNATURE_HEADER } from '@cpg/protocol';
import packageJson from '../../package.json' with { type: 'json' };
import { CpgError, ResponseValidationError } from '../errors.ts';
import { notify, warn } from '../guards.ts';
import type { RequestBytes, SignedOnce } from '../signing/request-signer.ts';
import { RESPONSE_TOO_LARGE, TransportError, type WireResponse } from '../transport/axios-transport.ts';
import type { CallScope } from './call-scope.ts';
import { readAnswer } from './codec.ts';
import type { ClientContext } from './context.ts';
import type { WithResponse } from './cpg-call.ts';

/** What the client calls itself: its version and that of Node.js. */
export const USER_AGENT = `cpg-client/${packageJson.version} node/${process.versions.node}`;

export interface AttemptToSend {
  readonly scope: CallScope;
  readonly request: RequestBytes;
  readonly timeoutMs: number;
  /** Whether the attempt before met a signature that another process had used. */
  readonly scatter: boolean;
}

/** One attempt: what was sent, and the complete answer or the error that says why there is none. */
export interface SentAttempt {
  readonly signature: string;
  /** Clock offset, in milliseconds, that the timestamp was made with. */
  readonly offsetMs: number;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly answer: WireResponse | CpgError;
  /** Whether the gateway may have received the request. */
  readonly maybeSent: boolean;
}

/** Signs anew, sends once, and tells the hooks. */
export const sendAttempt = async (context: ClientContext, toSend: AttemptToSend): Promise<SentAttempt> => {
  const { scope, request } = toSend;
  const releasePlace = await context.pacer?.acquire(scope.sleep);
  const progress = { isSent: false };
  let releaseTimestamp: (() => void) | undefined;
  try {
    const signed = await context.signer.sign(request, { sleep: scope.sleep, scatter: toSend.scatter });
    releaseTimestamp = signed.release;
    return await sendSigned(context, toSend, { signed, progress });
  } finally {
    // What never left was not counted and not seen by the gateway.
    if (!progress.isSent) {
      releasePlace?.();
      releaseTimestamp?.();
    }
  }
};

interface SignedAttempt {
  readonly signed: SignedOnce;
  /** Whether the first byte left. */
  readonly progress: { isSent: boolean };
}

const sendSigned = async (
  context: ClientContext,
  toSend: AttemptToSend,
  { signed, progress }: SignedAttempt,
): Promise<SentAttempt> => {
  const { scope, request } = toSend;
  const { operation } = scope;
  const { headers: authentication, signature } = signed;
  const { offsetMs } = context.clock;
  const headers = {
    ...authentication,
    Accept: 'application/json',
    'User-Agent': USER_AGENT,
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
  };
  const wire = { ...request, url: `${context.origin}${request.target}`, headers };
  const attempt = scope.attempts + 1;
  notify('The onRequest hook of CpgClient', context.hooks.onRequest, {
    operation,
    attempt,
    method: wire.method,
    url: wire.url,
    headers: { ...headers, [SIGNATURE_HEADER]: '[redacted]' },
    bodyBytes: request.body?.length ?? 0,
  });
  // After the hook, which may abort, and before the first byte: what ends from here on may have been executed.
  scope.throwIfEnded();
  const sentAt = context.time.now();
  const finish = (answer: WireResponse | CpgError): SentAttempt => ({
    signature,
    offsetMs,
    sentAt,
    receivedAt: readTime(context, sentAt),
    answer,
    maybeSent: progress.isSent,
  });
  try {
    const received = await scope.attempt(toSend.timeoutMs, (signal) =>
      context.transport.send(wire, {
        signal,
        onSend: () => {
          progress.isSent = true;
        },
      }),
    );
    const answer = redactEcho(received, signature);
    const sent = finish(answer);
    const { status } = answer;
    const durationMs = sent.receivedAt - sentAt;
    const requestId = requestIdOf(answer);
    notify('The onResponse hook of CpgClient', context.hooks.onResponse, {
      operation,
      attempt,
      status,
      headers: answer.headers,
      requestId,
      durationMs,
    });
    return sent;
  } catch (error) {
    if (CpgError.is(error)) return finish(error);
    if (!(error instanceof TransportError)) throw error;
    return finish(toCpgError(scope, error));
  }
};

/** The time of an answer; a clock of the caller's own that fails must not lose the answer to a payment. */
const readTime = ({ time }: ClientContext, sentAt: number): number => {
  try {
    return time.now();
  } catch (error) {
    warn('time.now()', error);
    return sentAt;
  }
};

const toCpgError = (scope: CallScope, error: TransportError): CpgError => {
  if (error.code === RESPONSE_TOO_LARGE) {
    return new ResponseValidationError(`${scope.operation}: ${error.message}`, {
      ...scope.details,
      path: '',
    });
  }
  const problem = `no complete answer: ${error.message} (${error.code}).`;
  return scope.error('connection_failed', problem, { retryable: true, cause: error });
};

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

/** Takes the signature that was sent out of headers that give it back, so that neither hooks nor callers log it. */
export const redactEcho = (answer: WireResponse, signature: string): WireResponse => {
  const redact = (value: string): string => value.replaceAll(signature, '[redacted]');
  const headers = Object.entries(answer.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(redact) : value === undefined ? value : redact(value),
  ]);
  return { ...answer, headers: Object.fromEntries(headers) };
};

/** `X-Request-Id`, when the server sends one. */
export const requestIdOf = ({ headers }: WireResponse): string | undefined => {
  const id = headers['x-request-id'];
  return typeof id === 'string' ? id : undefined;
};
