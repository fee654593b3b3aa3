import { CpgError } from '../errors.ts';
import { warn } from '../guards.ts';
import { asText } from '../platform.ts';
import type { RequestBytes, SignedOnce } from '../signing/request-signer.ts';
import type { DateSample } from '../signing/server-clock.ts';
import { prepare, sendWith, TransportError, type TransportResponse } from '../transport/transport.ts';
import type { CallScope } from './call-scope.ts';
import { createConnectionError } from './connection-error.ts';
import type { ClientContext } from './context.ts';
import type { WithResponse } from './cpg-call.ts';
import { type HeaderValues, mergeHeaders, redactHeaders } from './headers.ts';
import { type ResponseReader, readResponse, redactSignature } from './response.ts';

interface AttemptToSend {
  readonly scope: CallScope;
  readonly request: RequestBytes;
  readonly timeoutMs: number;
  /** The headers of this call. */
  readonly headers: HeaderValues | undefined;
  /** Whether the previous attempt failed because its signature was used before. */
  readonly wasReplayed: boolean;
}

/** One attempt and its result: a complete response, or the reason there is none. */
interface SentAttempt {
  readonly signature: string;
  /** The timestamp that was signed, in Unix seconds. */
  readonly timestamp: number;
  /** Clock offset in milliseconds at the time of signing. */
  readonly offsetMs: number;
  /** Local Unix milliseconds. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly response: TransportResponse | CpgError;
  /** Whether the gateway may have received the request. */
  readonly maybeSent: boolean;
}

/** Signs with a new timestamp, sends once and calls the hooks. */
export const sendAttempt = async (context: ClientContext, toSend: AttemptToSend): Promise<SentAttempt> => {
  const { scope, request } = toSend;
  if (context.transport.prepare !== undefined) await prepare(context.transport);
  const releaseSlot = await context.pacer?.acquire(scope.sleep);
  const progress = { isSent: false };
  let releaseTimestamp: (() => void) | undefined;
  try {
    const { uniqueReads } = context;
    const { wasReplayed } = toSend;
    const signing = context.signer.sign(request, { sleep: scope.sleep, wasReplayed, uniqueReads });
    const signed = signing instanceof Promise ? await signing : signing;
    releaseTimestamp = signed.release;
    return await sendSigned(context, toSend, { signed, progress });
  } finally {
    // A request of which nothing was sent is not counted by the gateway.
    if (!progress.isSent) {
      releaseSlot?.();
      releaseTimestamp?.();
    }
  }
};

interface SignedAttempt {
  readonly signed: SignedOnce;
  /** Whether a byte may have been sent. */
  readonly progress: { isSent: boolean };
}

const sendSigned = async (
  context: ClientContext,
  toSend: AttemptToSend,
  { signed, progress }: SignedAttempt,
): Promise<SentAttempt> => {
  const { scope, request } = toSend;
  const { headers: authentication, signature, target } = signed;
  const { offsetMs } = context.clock;
  const added = toSend.headers;
  const own = request.body === undefined ? context.readHeaders : context.writeHeaders;
  const headers = { ...authentication, ...(added === undefined ? own : mergeHeaders(own, added)) };
  const { method, body } = request;
  const url = `${context.origin}${target}`;
  const event = { operation: scope.operation, callId: scope.id, attempt: scope.attempts + 1 };
  const sentAt = context.time.now();
  context.observer.request(() => ({
    ...event,
    method,
    url,
    headers: redactHeaders(headers),
    bodyBytes: body?.length ?? 0,
  }));
  const finish = (response: TransportResponse | CpgError): SentAttempt => ({
    signature,
    timestamp: Number(signed.timestamp),
    offsetMs,
    sentAt,
    receivedAt: readTime(context, sentAt),
    response,
    maybeSent: progress.isSent,
  });
  const fail = (error: CpgError): SentAttempt => {
    const sent = finish(error);
    const { code, message } = error;
    const { maybeSent } = sent;
    context.observer.noResponse({
      ...event,
      code,
      message,
      maybeSent,
      durationMs: sent.receivedAt - sentAt,
    });
    return sent;
  };
  try {
    // The hook may have aborted the call. After this line the request may reach the gateway.
    scope.throwIfEnded();
    const received = await scope.attempt(toSend.timeoutMs, (end, timeoutMs) =>
      sendWith(context.transport, { method, url, headers, body, timeoutMs }, { end, progress }),
    );
    const response = redactEcho(received, signature);
    const sent = finish(response);
    context.observer.response(() => ({
      ...event,
      status: response.status,
      headers: response.headers,
      requestId: getRequestId(response),
      durationMs: sent.receivedAt - sentAt,
    }));
    return sent;
  } catch (error) {
    if (CpgError.is(error)) return fail(error);
    if (!(error instanceof TransportError)) throw error;
    return fail(createConnectionError(scope, error, context.origin));
  }
};

/** The time of a response. A failing clock of the caller must not lose the response to a payment. */
const readTime = ({ time }: ClientContext, sentAt: number): number => {
  try {
    return time.now();
  } catch (error) {
    warn('time.now()', error);
    return sentAt;
  }
};

interface AttemptToEvaluate<Result> {
  readonly reader: ResponseReader<Result>;
  readonly scope: CallScope;
  readonly sent: SentAttempt;
  /** Whether a rejection of the timestamp may correct the clock by its `Date`. Otherwise the offset is dropped. */
  readonly mayMeasure: boolean;
}

/**
 * The result of an attempt or its error. Responses of the gateway itself update the clock (wire protocol §6,
 * rule 4).
 */
export const evaluateAttempt = <Result>(
  context: ClientContext,
  { reader, scope, sent, mayMeasure }: AttemptToEvaluate<Result>,
): WithResponse<Result> | CpgError => {
  const { response, signature } = sent;
  if (CpgError.is(response)) return response;
  const { status, headers } = response;
  const requestId = getRequestId(response);
  try {
    const result = readResponse(reader, response, { signature, details: { ...scope.details, requestId } });
    context.clock.learn(createSample(sent, headers));
    return { result, response: { status, headers, requestId, attempts: scope.attempts } };
  } catch (error) {
    if (!CpgError.is(error)) throw error;
    // Any other error may come from an intermediary with a different clock.
    if (error.code === 'clock_skew') context.clock.correct(createSample(sent, headers), mayMeasure);
    return error;
  }
};

const createSample = (
  { timestamp, offsetMs, sentAt, receivedAt }: SentAttempt,
  { date, age }: Readonly<Record<string, unknown>>,
): DateSample => ({ date: asText(date), age: asText(age), timestamp, offsetMs, sentAt, receivedAt });

/**
 * Redacts the request's signature in response headers that echo it, so that hooks and callers cannot log it.
 */
const redactEcho = (response: TransportResponse, signature: string): TransportResponse => {
  const redact = (value: string): string => redactSignature(value, signature);
  let { headers } = response;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || (typeof value === 'string' && value.length < signature.length)) continue;
    const redacted = Array.isArray(value) ? value.map(redact) : redact(value);
    if (String(redacted) !== String(value)) headers = { ...headers, [name]: redacted };
  }
  return headers === response.headers ? response : { ...response, headers };
};

/** The `X-Request-Id` header, if the server sent one. */
const getRequestId = ({ headers }: TransportResponse): string | undefined => asText(headers['x-request-id']);
