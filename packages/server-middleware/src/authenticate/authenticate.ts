import { channel } from 'node:diagnostics_channel';
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
import type { AdmissionStore } from '../admission/admission-store.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { aKeyStore } from '../keys/cached-keys.ts';
import { assertUsableKey, type CpgKey, type KeyStore } from '../keys/key-store.ts';
import { checkSourceIp } from '../keys/source-ip.ts';
import {
  aBoolean,
  aFunction,
  aLogger,
  assertOptions,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  withMethods,
} from '../options.ts';
import {
  askStore,
  callObserver,
  describeThrown,
  guardLogger,
  guardSubscribers,
  type Logger,
  readClock,
} from '../user-code.ts';
import { whenReady } from '../when-ready.ts';
import {
  answerAdmission,
  checkContentEncoding,
  checkSignature,
  checkTimestamp,
  signedHeaders,
} from './checks.ts';
import { DecisionRecorder, type DecisionTrace } from './decision-trace.ts';
import { mismatchExplainer } from './mismatch-explainer.ts';
import type { AuthenticatedRequest, ReadRequest, RequestToAuthenticate } from './request.ts';

export interface AuthenticateOptions {
  readonly keys: KeyStore;
  /** `memoryStore()` for one process, `redisStore(client)` for several. */
  readonly store: AdmissionStore;
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** Bytes of body; one more is 413. @default 1048576 (1 MiB) */
  readonly bodyLimit?: number | undefined;
  /** Milliseconds for the whole body to arrive; then 408 and the connection is closed. @default 10000 */
  readonly bodyTimeoutMs?: number | undefined;
  /** Milliseconds for the key store, and again for the admission store; then 503. @default 1000 */
  readonly storeTimeoutMs?: number | undefined;
  /** Called with how each request was decided; without it and without subscribers nothing is timed. */
  readonly trace?: ((trace: DecisionTrace) => void) | undefined;
  /**
   * Log the likely mistake behind an invalid signature, at most once a second, after it was answered; the answer never says
   * it. For development and onboarding: an explanation takes some ten milliseconds. @default false
   */
  readonly explain?: boolean | undefined;
  /** Where explanations and faults of the server are logged; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

export const DEFAULT_BODY_LIMIT = 1_048_576;
export const DEFAULT_BODY_TIMEOUT_MS = 10_000;
export const DEFAULT_STORE_TIMEOUT_MS = 1_000;

/** The rules for the options of `authenticate`, which `cpgAuth` adds to. */
export const AUTHENTICATE_RULES: OptionRules<AuthenticateOptions> = {
  keys: aKeyStore,
  store: withMethods(['admit'], 'an admission store, e.g. memoryStore()'),
  clock: optional(aFunction),
  bodyLimit: optional(positiveInteger),
  bodyTimeoutMs: optional(timerMs),
  storeTimeoutMs: optional(timerMs),
  trace: optional(aFunction),
  explain: optional(aBoolean),
  logger: optional(aLogger),
};

const usable = new WeakSet<AuthenticateOptions>();

/**
 * Rejects options with which a check would silently not happen. The same object is checked once.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const assertUsableOptions = <Options extends AuthenticateOptions>(
  options: Options,
  owner = 'authenticate',
  rules: OptionRules<Options> = AUTHENTICATE_RULES as OptionRules<Options>,
): void => {
  if (usable.has(options)) return;
  assertOptions({ owner, options, rules });
  usable.add(options);
};

/** The name of the `node:diagnostics_channel` on which every {@link DecisionTrace} is published. */
export const DECISION_CHANNEL = 'cpg.server-middleware.decision';

const decisions = channel(DECISION_CHANNEL);
guardSubscribers(decisions);

/**
 * Authenticates one request: the checks of contract §2.1 in their order, from the headers to the admission. Returns who
 * sent it, or the rejection of the first check that fails; only what this returns as authenticated was admitted.
 *
 * @throws ServerMiddlewareError for a wrong set-up (500), or a store that is down or late (503); `rejectionOf(error)`
 * is the answer.
 */
export const authenticate = async (
  request: RequestToAuthenticate,
  options: AuthenticateOptions,
): Promise<AuthenticatedRequest | Rejection> => {
  assertUsableOptions(options);
  const isObserved = options.trace !== undefined || decisions.hasSubscribers;
  if (!isObserved) return runChecks({ request, options, recorder: undefined });
  const recorder = new DecisionRecorder(request);
  const report = (trace: DecisionTrace) => {
    const { trace: callback, logger } = options;
    if (callback !== undefined) {
      callObserver({ name: 'trace', callback, logger: guardLogger(logger) }, () => callback(trace));
    }
    decisions.publish(trace);
  };
  let outcome: AuthenticatedRequest | Rejection;
  try {
    outcome = await runChecks({ request, options, recorder });
  } catch (error) {
    report(recorder.finish('error', error));
    throw error;
  }
  report(recorder.finish(isRejection(outcome) ? outcome : 'authenticated'));
  return outcome;
};

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
