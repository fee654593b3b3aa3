import { assertString, createFieldReader, readGuarded, wrongType } from './arguments.ts';
import { bodySha256 } from './body-hash.ts';
import { assertBytes } from './bytes.ts';
import { joinFields } from './canonical-string.ts';
import { type HeaderPairs, headerValues } from './header-values.ts';
import { AUTHENTICATION_HEADERS } from './headers.ts';
import { isKeyId } from './key-id.ts';
import { isRejection, REJECTIONS, type Rejection } from './rejection.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';
import { verify } from './signature.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';
import { assertSeconds, isWithinWindow, parseTimestamp } from './timestamp.ts';

/** A request as it arrived, and what to check it against. Contract §1. */
export interface RequestToVerify {
  readonly method: string;
  /** The request target as it arrived: not decoded, not shortened by a router. */
  readonly target: string;
  /** Every header as it arrived, in order and with repeats. */
  readonly headers: HeaderPairs;
  /** The body bytes as they arrived; empty when there is none. */
  readonly body: Uint8Array;
  /** The keys that are live, by key id. */
  readonly keys: ReadonlyMap<string, SigningKey>;
  /** The server's clock in whole Unix seconds. */
  readonly now: number;
}

/** A request that a holder of the secret signed, at most 300 seconds ago. It may still be a replay. */
export interface VerifiedRequest extends RequestTarget {
  readonly keyId: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** What must be accepted only once for this key, until {@link usedUntil} of the timestamp. */
  readonly signature: string;
}

// An unknown key costs the same HMAC and comparison. What it verifies is never accepted.
const DECOY = createSigningKey('cpg-decoy-key');

// HTTP lets nothing else into a method. A line feed in it would shift the fields after it.
const METHOD = /^[!-~]+$/;

/**
 * Checks a request as far as a server can without memory: headers, target, timestamp, content encoding, key and signature, in
 * the order of contract §2.1. Returns the rejection to answer with when one of them fails. The limit of the body, single use, rate,
 * source address and permission are the caller's, or `@cpg/server-middleware`'s.
 *
 * @throws ProtocolError for what no request can cause: `invalid_body` when the body is not bytes, `invalid_timestamp` when
 * `now` is not whole seconds, `invalid_secret` for a key not made by `createSigningKey`, and `invalid_field` for any
 * other value of the wrong type. Further fields are ignored: what was received may be handed over whole.
 */
export const verifyRequest = (request: RequestToVerify): VerifiedRequest | Rejection => {
  const { method, headers, now, body, keys, target: sent } = readRequest(request);
  assertString(method, 'method');
  assertString(sent, 'target');
  assertSeconds(now, 'now');
  readGuarded('keys', () => assertKeys(keys));
  assertBytes(body);
  const [keyIds = [], timestamps = [], signatures = []] = AUTHENTICATION_HEADERS.map((name) =>
    headerValues(headers, name),
  );
  const all = [keyIds, timestamps, signatures];
  if (all.some((values) => values.every((value) => value === ''))) {
    return REJECTIONS.missing_authentication_headers;
  }
  const [keyId, timestampText, signature] = all.map((values) => String(values[0])) as [
    string,
    string,
    string,
  ];
  if (all.some((values) => values.length > 1) || !isKeyId(keyId)) {
    return REJECTIONS.malformed_authentication_headers;
  }
  const target = parseRequestTarget(sent);
  if (isRejection(target)) return target;
  const timestamp = parseTimestamp(timestampText);
  if (timestamp === undefined || !isWithinWindow(timestamp, now)) return REJECTIONS.timestamp_outside_window;
  const coding = headerValues(headers, 'Content-Encoding').join(',');
  if (coding !== '' && coding.trim().toLowerCase() !== 'identity') {
    return REJECTIONS.content_encoding_not_supported;
  }
  const key = readGuarded('keys', () => keys.get(keyId));
  const canonical = joinFields({
    timestamp: timestampText,
    method: method.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
    ...target,
    bodySha256: bodySha256(body),
  });
  const isGenuine = verify(key ?? DECOY, canonical, signature) && key !== undefined && METHOD.test(method);
  return isGenuine ? { keyId, timestamp, signature, ...target } : REJECTIONS.invalid_signature;
};

const readRequest = createFieldReader<RequestToVerify>(
  'The request to verify',
  ({ method, target, headers, body, keys, now }) => ({ method, target, headers, body, keys, now }),
);

const assertKeys = (keys: RequestToVerify['keys']): void => {
  if (typeof keys !== 'object' || typeof keys?.get !== 'function') {
    throw wrongType('keys', keys, { expected: 'a Map of keys by key id' });
  }
};
