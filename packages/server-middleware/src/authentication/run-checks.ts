import {
  bodySha256,
  canonicalString,
  isRejection,
  isWithinWindow,
  parseRequestTarget,
  REJECTIONS,
  type Rejection,
  usedUntil,
} from '@cpg/protocol';
import { askStore } from '../ask-store.ts';
import { assertUsableKey } from '../keys/assert-usable-key.ts';
import type { CpgKey } from '../keys/cpg-key.ts';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import { describeThrown, readClock } from '../user-code.ts';
import { whenReady } from '../when-ready.ts';
import { answerAdmission } from './answer-admission.ts';
import {
  type AuthenticateOptions,
  DEFAULT_BODY_LIMIT,
  DEFAULT_BODY_TIMEOUT_MS,
  DEFAULT_STORE_TIMEOUT_MS,
} from './authenticate-options.ts';
import type { AuthenticatedRequest, ReadRequest, RequestToAuthenticate } from './authenticated-request.ts';
import { checkContentEncoding } from './check-content-encoding.ts';
import { checkSignature } from './check-signature.ts';
import { checkSourceIp } from './check-source-ip.ts';
import { checkTimestamp } from './check-timestamp.ts';
import type { DecisionRecorder } from './decision-recorder.ts';
import { mismatchExplainer } from './mismatch-explainer.ts';
import { signedHeaders } from './signed-headers.ts';

/** A request under examination, and whom to ask about it. */
export interface Examination {
  readonly request: RequestToAuthenticate;
  readonly options: AuthenticateOptions;
  readonly recorder: DecisionRecorder | undefined;
}

type Outcome = AuthenticatedRequest | Rejection;

/** The checks of contract §2.1, in their order; the first that fails answers. Waits only for what is not there at once. */
export const runChecks = (examination: Examination): Outcome | Promise<Outcome> => {
  const { request, options, recorder } = examination;

  const headers = signedHeaders(request.rawHeaders);
  if (isRejection(headers)) return headers;
  recorder?.passed('headers');

  const target = parseRequestTarget(request.target);
  if (isRejection(target)) return target;
  recorder?.passed('target');

  const timestamp = checkTimestamp(headers.timestamp, secondsOf(options));
  if (isRejection(timestamp)) return timestamp;
  recorder?.passed('timestamp');

  const encodingRejection = checkContentEncoding(headers.contentEncoding);
  if (encodingRejection !== undefined) return encodingRejection;
  const { bodyLimit = DEFAULT_BODY_LIMIT, bodyTimeoutMs = DEFAULT_BODY_TIMEOUT_MS } = options;
  return whenReady(request.readBody({ limit: bodyLimit, timeoutMs: bodyTimeoutMs }), (body) =>
    isRejection(body) ? body : checkKey(examination, { headers, target, timestamp, body }),
  );
};

const checkKey = (examination: Examination, read: ReadRequest): Outcome | Promise<Outcome> => {
  const { options, recorder } = examination;
  const { keyId } = read.headers;
  recorder?.passed('body');

  const { storeTimeoutMs: timeoutMs = DEFAULT_STORE_TIMEOUT_MS } = options;
  const found = askStore({ what: 'The key store', timeoutMs, ask: () => options.keys.find(keyId) });
  return whenReady(found, (key) => {
    // A store that compares ids less strictly than the protocol must not hand out another key.
    const owner = key?.keyId === keyId ? key : undefined;
    recorder?.passed('key', owner?.keyId);
    return checkOwner(examination, read, owner);
  });
};

const checkOwner = (
  examination: Examination,
  read: ReadRequest,
  key: CpgKey | undefined,
): Outcome | Promise<Outcome> => {
  const { request, recorder } = examination;
  const { headers, target, body } = read;

  const canonical = canonicalString({
    timestamp: headers.timestamp,
    method: request.method.toUpperCase(),
    path: target.path,
    query: target.query,
    bodySha256: bodySha256(body),
  });
  const isGenuine = tryKey(key, canonical, headers.signature);
  if (!isGenuine || key === undefined) {
    if (examination.options.explain === true) {
      mismatchExplainer.explainLater({ request, read, key, logger: examination.options.logger });
    }
    return REJECTIONS.invalid_signature;
  }
  assertUsableKey(key);
  recorder?.passed('signature');

  const ipRejection = checkSourceIp(key.sourceIps, request.clientIp);
  if (ipRejection !== undefined) return ipRejection;
  recorder?.passed('source_ip');
  return admit(examination, read, key);
};

const tryKey: typeof checkSignature = (key, canonical, signature) => {
  try {
    return checkSignature(key, canonical, signature);
  } catch (cause) {
    throw new ServerMiddlewareError(
      'invalid_key',
      `The key store returned a key whose signingKeys cannot be used: ${describeThrown(cause)}`,
      { cause },
    );
  }
};

const admit = (
  { options, recorder }: Examination,
  read: ReadRequest,
  key: CpgKey,
): Outcome | Promise<Outcome> => {
  const { timestamp, body } = read;
  const { keyId, accountId, permissions, rateLimitPerMinute: limit } = key;

  // Reading the body took its time: what has left the window since may be forgotten by the store, so it cannot be admitted.
  const now = secondsOf(options);
  if (!isWithinWindow(timestamp, now)) return REJECTIONS.timestamp_outside_window;

  const { storeTimeoutMs: timeoutMs = DEFAULT_STORE_TIMEOUT_MS } = options;
  const { signature } = read.headers;
  const admission = {
    keyId,
    signature,
    usedUntil: usedUntil(timestamp),
    minute: Math.floor(now / 60),
    limit,
  };
  const decision = askStore({
    what: 'The admission store',
    timeoutMs,
    ask: () => options.store.admit(admission),
  });
  return whenReady(decision, (decided) => {
    const refusal = answerAdmission(decided);
    if (refusal !== undefined) return refusal;
    recorder?.passed('admission');
    return { principal: { keyId, accountId, permissions, timestamp }, body };
  });
};

const secondsOf = ({ clock = Date.now }: AuthenticateOptions): number => Math.floor(readClock(clock) / 1000);
