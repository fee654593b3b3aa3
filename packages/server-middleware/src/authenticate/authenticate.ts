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
import type { Admission, AdmissionRequest } from '../admission/admission-store.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { PendingBodies, toBuffer } from '../http/body-collector.ts';
import { assertUsableKey, type CpgKey, hasUsableSigningKeys } from '../keys/key-store.ts';
import { checkSourceIp } from '../keys/source-ip.ts';
import { describeThrown } from '../muting.ts';
import { callObserver, callStore, guardLogger, guardSubscribers, readClock } from '../user-code.ts';
import {
  type AuthenticateOptions,
  assertUsableOptions,
  DEFAULT_BODY_LIMIT,
  DEFAULT_BODY_TIMEOUT_MS,
  DEFAULT_MAX_PENDING_BYTES,
  DEFAULT_STORE_TIMEOUT_MS,
} from './authenticate-options.ts';
import { DecisionRecorder, type DecisionTrace } from './decision-trace.ts';
import { mismatchExplainer } from './mismatch-explainer.ts';
import type { AuthenticatedRequest, ReadRequest, RequestToAuthenticate } from './request.ts';

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
  return { principal: { keyId, accountId, permissions, timestamp }, body: toBuffer(read.body) };
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
