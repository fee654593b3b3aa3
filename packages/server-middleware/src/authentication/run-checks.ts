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
import { answerAdmission } from './answer-admission.ts';
import type { AuthenticateOptions } from './authenticate-options.ts';
import {
  DEFAULT_BODY_LIMIT,
  DEFAULT_BODY_TIMEOUT_MS,
  DEFAULT_STORE_TIMEOUT_MS,
} from './authenticate-options.ts';
import type { AuthenticatedRequest, RequestToAuthenticate } from './authenticated-request.ts';
import { checkContentEncoding } from './check-content-encoding.ts';
import { checkSignature } from './check-signature.ts';
import { checkSourceIp } from './check-source-ip.ts';
import { checkTimestamp } from './check-timestamp.ts';
import type { DecisionRecorder } from './decision-recorder.ts';
import { signedHeaders } from './signed-headers.ts';

/** The checks of contract §2.1, in their order; the first that fails answers. */
export const runChecks = async (
  request: RequestToAuthenticate,
  options: AuthenticateOptions,
  recorder: DecisionRecorder | undefined,
): Promise<AuthenticatedRequest | Rejection> => {
  const { clock = Date.now, storeTimeoutMs: timeoutMs = DEFAULT_STORE_TIMEOUT_MS } = options;
  const now = () => Math.floor(clock() / 1000);

  const headers = signedHeaders(request.rawHeaders);
  if (isRejection(headers)) return headers;
  const { keyId, signature } = headers;
  recorder?.passed('headers', keyId);

  const target = parseRequestTarget(request.target);
  if (isRejection(target)) return target;
  recorder?.passed('target');

  const timestamp = checkTimestamp(headers.timestamp, now());
  if (isRejection(timestamp)) return timestamp;
  recorder?.passed('timestamp');

  const encodingRejection = checkContentEncoding(request.rawHeaders);
  if (encodingRejection !== undefined) return encodingRejection;
  const { bodyLimit = DEFAULT_BODY_LIMIT, bodyTimeoutMs = DEFAULT_BODY_TIMEOUT_MS } = options;
  const reading = request.readBody({ limit: bodyLimit, timeoutMs: bodyTimeoutMs });
  const body = reading instanceof Promise ? await reading : reading;
  if (isRejection(body)) return body;
  recorder?.passed('body');

  const finding = askStore({ what: 'The key store', timeoutMs, ask: () => options.keys.find(keyId) });
  const found = finding instanceof Promise ? await finding : finding;
  // A store that compares ids less strictly than the protocol must not hand out another key.
  const key = found?.keyId === keyId ? found : undefined;
  recorder?.passed('key');

  const method = request.method.toUpperCase();
  const canonical = canonicalString({
    timestamp: headers.timestamp,
    method,
    path: target.path,
    query: target.query,
    bodySha256: bodySha256(body),
  });
  const isGenuine = checkSignature(key, canonical, signature);
  if (!isGenuine || key === undefined) {
    return REJECTIONS.invalid_signature;
  }
  assertUsableKey(key);
  recorder?.passed('signature');

  const ipRejection = checkSourceIp(key.sourceIps, request.clientIp);
  if (ipRejection !== undefined) return ipRejection;
  recorder?.passed('source_ip');

  // Reading the body took its time: what has left the window since may be forgotten by the store, so it cannot be admitted.
  const admittedAt = now();
  if (!isWithinWindow(timestamp, admittedAt)) return REJECTIONS.timestamp_outside_window;
  const admitting = askStore({
    what: 'The admission store',
    timeoutMs,
    ask: () =>
      options.store.admit({
        keyId,
        signature,
        usedUntil: usedUntil(timestamp),
        minute: Math.floor(admittedAt / 60),
        limit: key.rateLimitPerMinute,
      }),
  });
  const refusal = answerAdmission(admitting instanceof Promise ? await admitting : admitting);
  if (refusal !== undefined) return refusal;
  recorder?.passed('admission');

  const { accountId, permissions } = key;
  return { principal: { keyId, accountId, permissions, timestamp }, body };
};
