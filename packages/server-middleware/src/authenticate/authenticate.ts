import { channel } from 'node:diagnostics_channel';
import {
  checkContentEncoding,
  checkSignature,
  checkTimestamp,
  isRejection,
  isWithinWindow,
  parseRequestTarget,
  REJECTIONS,
  type Rejection,
  type RequestTarget,
  readAuthenticationHeaders,
  usedUntil,
} from '@cpg/protocol';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission/admission-store.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { PendingBodies } from '../http/body-collector.ts';
import {
  aKeyStore,
  assertUsableKey,
  type CpgKey,
  hasUsableSigningKeys,
  type KeyStore,
} from '../keys/key-store.ts';
import { checkSourceIp } from '../keys/source-ip.ts';
import { describeThrown } from '../muting.ts';
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
  callObserver,
  callStore,
  guardLogger,
  guardSubscribers,
  type Logger,
  readClock,
} from '../user-code.ts';
import { DecisionRecorder, type DecisionTrace } from './decision-trace.ts';
import { mismatchExplainer } from './mismatch-explainer.ts';
import type { AuthenticatedRequest, ReadRequest, RequestToAuthenticate } from './request.ts';

export interface AuthenticateOptions {
  readonly keys: KeyStore;
  /** `memoryStore()` for one process, `redisStore(client)` for several. */
  readonly store: AdmissionStore;
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** Maximum bytes of the body; a larger one is rejected with 413. @default 1048576 (1 MiB) */
  readonly bodyLimit?: number | undefined;
  /** Milliseconds to receive the whole body; then 408, and the connection is closed. @default 10000 */
  readonly bodyTimeoutMs?: number | undefined;
  /**
   * Maximum bytes of bodies that all requests together hold in memory before they are authenticated; above it 503. The first
   * 16 KiB of each body do not count, so that stalled uploads cannot keep out ordinary requests. @default 67108864 (64 MiB)
   */
  readonly maxPendingBytes?: number | undefined;
  /** Milliseconds for the key store, and again for the admission store; then 503. @default 1000 */
  readonly storeTimeoutMs?: number | undefined;
  /** Called with every decision; without it and without subscribers nothing is timed. */
  readonly trace?: ((trace: DecisionTrace) => void) | undefined;
  /**
   * Log the likely mistake behind an invalid signature, at most once a second for each key id, three times in all, and after
   * the response, which never contains it. For development and onboarding: an explanation takes about ten milliseconds. @default false
   */
  readonly explain?: boolean | undefined;
  /** Logs explanations and server errors; loggers of pino and winston fit. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

export const DEFAULT_BODY_LIMIT = 1_048_576;
const DEFAULT_BODY_TIMEOUT_MS = 10_000;
export const DEFAULT_MAX_PENDING_BYTES = 64 * 1024 * 1024;
const DEFAULT_STORE_TIMEOUT_MS = 1_000;

/** The rules for the options of `authenticate`; `cpgAuth` adds its own. */
export const AUTHENTICATE_RULES: OptionRules<AuthenticateOptions> = {
  keys: aKeyStore,
  store: withMethods(['admit'], 'an admission store, e.g. memoryStore()'),
  clock: optional(aFunction),
  bodyLimit: optional(positiveInteger),
  bodyTimeoutMs: optional(timerMs),
  maxPendingBytes: optional(positiveInteger),
  storeTimeoutMs: optional(timerMs),
  trace: optional(aFunction),
  explain: optional(aBoolean),
  logger: optional(aLogger),
};

const usable = new WeakSet<AuthenticateOptions>();

/**
 * Rejects options with which a check would be skipped silently. The same object is checked once.
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
 * Authenticates one request, without any framework: the checks of wire protocol §2.1 in order, from the headers to the
 * admission. Returns the sender and the body, or the rejection of the first check that fails.
 *
 * @throws ServerMiddlewareError for a wrong set-up (500), or a store that is down or late (503); respond with
 * `getRejection(error)`.
 */
export const authenticate = async (
  request: RequestToAuthenticate,
  options: AuthenticateOptions,
): Promise<AuthenticatedRequest | Rejection> => {
  assertUsableOptions(options);
  const isObserved =
    options.trace !== undefined || decisions.hasSubscribers || request.recorder !== undefined;
  if (!isObserved) return runChecks({ request, options, recorder: undefined });
  const recorder = new DecisionRecorder(request);
  const report = (trace: DecisionTrace) => {
    const { trace: callback, logger } = options;
    if (callback !== undefined) {
      callObserver({ name: 'trace', callback, logger: guardLogger(logger) }, () => callback(trace));
    }
    request.recorder?.decided(trace);
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

type Outcome = AuthenticatedRequest | Rejection;

interface Context {
  readonly request: RequestToAuthenticate;
  readonly options: AuthenticateOptions;
  readonly recorder: DecisionRecorder | undefined;
}

/** Runs the checks of wire protocol §2.1 in order. */
const runChecks = async (context: Context): Promise<Outcome> => {
  const { request, options, recorder } = context;

  const headers = readAuthenticationHeaders(request.rawHeaders);
  if (isRejection(headers)) return headers;
  recorder?.passed('headers');

  const target = readSignedTarget(request);
  if (isRejection(target)) return target;
  recorder?.passed('target');

  const timestamp = checkTimestamp(headers.timestamp, getUnixSeconds(options));
  if (isRejection(timestamp)) return timestamp;
  recorder?.passed('timestamp');

  const rejection = checkContentEncoding(headers.contentEncoding);
  if (rejection !== undefined) return rejection;

  const pending = getPendingBodies(options).open();
  let read: ReadRequest;
  let key: CpgKey | Rejection;
  try {
    const { bodyLimit = DEFAULT_BODY_LIMIT, bodyTimeoutMs = DEFAULT_BODY_TIMEOUT_MS } = options;
    const { bodyLimit: limit = bodyLimit, bodyTimeoutMs: timeoutMs = bodyTimeoutMs } = request.limits ?? {};
    const body = await request.readBody({ limit, timeoutMs, pending });
    if (isRejection(body)) return body;
    recorder?.passed('body');

    read = { headers, target, timestamp, body };
    const found = findSameKey(await findKey(options, headers.keyId), headers.keyId);
    recorder?.passed('key', found?.keyId);
    key = checkKey(context, read, found);
  } finally {
    pending.release();
  }
  if (isRejection(key)) return key;

  const admission = describeAdmission(context, read, key);
  if (isRejection(admission)) return admission;
  const decision = await admit(options, admission);
  // Any other value fails closed.
  const isKnown = Object.hasOwn(ADMISSION_REJECTIONS, decision);
  const admissionRejection = isKnown ? ADMISSION_REJECTIONS[decision] : REJECTIONS.service_unavailable;
  if (admissionRejection !== undefined) return admissionRejection;
  recorder?.passed('admission');
  const { keyId, accountId, permissions } = key;
  return { principal: { keyId, accountId, permissions, timestamp }, body: read.body };
};

// One for each options object, so one for each cpgAuth.
const pendingBodies = new WeakMap<AuthenticateOptions, PendingBodies>();

const getPendingBodies = (options: AuthenticateOptions): PendingBodies => {
  const known = pendingBodies.get(options);
  if (known !== undefined) return known;
  const created = new PendingBodies(options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES);
  pendingBodies.set(options, created);
  return created;
};

/** Returns the target that the client signed. Both have to be well-formed: a proxy must not hide a malformed one. */
const readSignedTarget = ({ target, signedTarget }: RequestToAuthenticate): RequestTarget | Rejection => {
  const received = parseRequestTarget(target);
  return isRejection(received) || signedTarget === undefined ? received : parseRequestTarget(signedTarget);
};

const findKey = (
  { keys, storeTimeoutMs: timeoutMs = DEFAULT_STORE_TIMEOUT_MS }: AuthenticateOptions,
  keyId: string,
): CpgKey | undefined | Promise<CpgKey | undefined> =>
  callStore({ name: 'The key store', timeoutMs, call: () => keys.find(keyId) });

/** A store that compares ids less strictly than the protocol must not return another key. */
const findSameKey = (found: CpgKey | undefined, keyId: string): CpgKey | undefined =>
  found?.keyId === keyId ? found : undefined;

const checkKey = (context: Context, read: ReadRequest, key: CpgKey | undefined): CpgKey | Rejection => {
  const { request, options, recorder } = context;
  const rejection = checkKeySignature(request, read, key);
  if (rejection !== undefined || key === undefined) {
    if (options.explain === true) {
      mismatchExplainer.explainLater({ request, read, key, logger: options.logger });
    }
    return REJECTIONS.invalid_signature;
  }
  assertUsableKey(key);
  recorder?.passed('signature');

  const ipRejection = checkKeySourceIp(key, request);
  if (ipRejection !== undefined) return ipRejection;
  recorder?.passed('source_ip');
  // Here, and not while the body is read, so that the size that is rejected does not reveal which keys exist.
  if (key.bodyLimit !== undefined && read.body.length > key.bodyLimit) return REJECTIONS.body_too_large;
  return key;
};

const checkKeySourceIp = (
  { keyId, sourceIps }: CpgKey,
  { clientIp }: RequestToAuthenticate,
): Rejection | undefined => {
  try {
    return checkSourceIp(sourceIps, clientIp);
  } catch (error) {
    if (!ServerMiddlewareError.is(error) || error.code !== 'invalid_source_ip') throw error;
    throw new ServerMiddlewareError(error.code, `Key ${keyId}: ${error.message}`, { subject: keyId });
  }
};

const checkKeySignature = (
  { method }: RequestToAuthenticate,
  { headers: { timestamp, signature }, target: { path, query }, body }: ReadRequest,
  key: CpgKey | undefined,
): Rejection | undefined => {
  const signingKeys = key === undefined || key.revoked === true ? [] : key.signingKeys;
  try {
    return checkSignature({ timestamp, method, path, query, body, signature }, signingKeys);
  } catch (cause) {
    if (key === undefined || hasUsableSigningKeys(key)) throw cause;
    throw new ServerMiddlewareError(
      'invalid_key',
      `Key ${key.keyId}: its signingKeys cannot be used: ${describeThrown(cause)}`,
      { cause, subject: key.keyId },
    );
  }
};

const ADMISSION_REJECTIONS: Readonly<Record<Admission, Rejection | undefined>> = {
  admitted: undefined,
  replayed: REJECTIONS.signature_already_used,
  rate_limited: REJECTIONS.rate_limit_exceeded,
};

const describeAdmission = (
  { request: { limits }, options }: Context,
  { headers: { signature }, timestamp }: ReadRequest,
  { keyId, rateLimitPerMinute: limit }: CpgKey,
): AdmissionRequest | Rejection => {
  const { store, storeTimeoutMs: timeoutMs = DEFAULT_STORE_TIMEOUT_MS } = options;

  // The store may have forgotten a signature whose timestamp left the window while the body was read.
  const now = getUnixSeconds(options);
  if (!isWithinWindow(timestamp, now)) return REJECTIONS.timestamp_outside_window;

  const minute = Math.floor(now / 60);
  const route = limits?.rate;
  if (route !== undefined && store.countsRoutes !== true) throw cannotCountRoutes();
  return { keyId, signature, usedUntil: usedUntil(timestamp), minute, limit, route, timeoutMs };
};

const admit = (
  { store, storeTimeoutMs: timeoutMs = DEFAULT_STORE_TIMEOUT_MS }: AuthenticateOptions,
  admission: AdmissionRequest,
): Admission | Promise<Admission> =>
  callStore({ name: 'The admission store', timeoutMs, call: () => store.admit(admission) });

/** The error for a store that would ignore the limit of a route. */
export const cannotCountRoutes = (): ServerMiddlewareError =>
  new ServerMiddlewareError(
    'invalid_option',
    'A route has a rate limit, but the admission store does not count routes (countsRoutes). Use memoryStore() or redisStore(client), or remove the limit.',
  );

const getUnixSeconds = ({ clock = Date.now }: AuthenticateOptions): number =>
  Math.floor(readClock(clock) / 1000);
