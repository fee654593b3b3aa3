import {
  assertBytes,
  assertString,
  createFieldReader,
  isArray,
  readGuarded,
  wrongType,
} from '../arguments.ts';
import { createRandomSecret } from '../crypto/node.ts';
import { ProtocolError } from '../protocol-error.ts';
import { isRejection, REJECTIONS, type Rejection } from '../rejections.ts';
import { bodySha256, joinFields } from './canonical-string.ts';
import { type ReceivedHeaders, readAuthenticationHeaders } from './headers.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';
import { verify } from './signature.ts';
import { createSigningKey, getHmacKey, type SigningKey } from './signing-key.ts';
import { assertSeconds, checkTimestamp } from './timestamp.ts';

/** A request as it arrived, and what to check it against. Contract §1. */
export interface RequestToVerify {
  readonly method: string;
  /** The request target as it arrived: not decoded, not shortened by a router. */
  readonly target: string;
  /** Every header as it arrived, in order and with repeats: pairs, or Node's `rawHeaders`. */
  readonly headers: ReceivedHeaders;
  /** The body bytes as they arrived; empty when there is none. */
  readonly body: Uint8Array;
  /** The live signing keys by key id; during a rotation, the old and the new one. */
  readonly keys: ReadonlyMap<string, SigningKey | readonly SigningKey[]>;
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
  const received = readAuthenticationHeaders(headers);
  if (isRejection(received)) return received;
  const { keyId, signature } = received;
  const target = parseRequestTarget(sent);
  if (isRejection(target)) return target;
  const timestamp = checkTimestamp(received.timestamp, now);
  if (isRejection(timestamp)) return timestamp;
  const rejection =
    checkContentEncoding(received.contentEncoding) ??
    checkSignature(
      { timestamp: received.timestamp, method, ...target, body, signature },
      findSigningKeys(keys, keyId),
    );
  return rejection ?? { keyId, timestamp, signature, ...target };
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

const findSigningKeys = (keys: RequestToVerify['keys'], keyId: string): readonly SigningKey[] =>
  readGuarded('keys', () => {
    const found = keys.get(keyId) ?? [];
    return isArray(found) ? found : [found as SigningKey];
  });

/**
 * Rejects a compressed body: the signature covers the bytes on the wire, and a handler would read other ones. Wire protocol
 * §2.1, step 6.
 *
 * @param contentEncoding every `Content-Encoding` header, joined with commas; empty when there is none
 * @returns the rejection `content_encoding_not_supported` for anything but `identity`.
 */
export const checkContentEncoding = (contentEncoding: string): Rejection | undefined => {
  assertString(contentEncoding, 'contentEncoding');
  const isPlain = contentEncoding === '' || contentEncoding.trim().toLowerCase() === 'identity';
  return isPlain ? undefined : REJECTIONS.content_encoding_not_supported;
};

/** What a signature covers, as received, and the signature. */
export interface SignatureToCheck extends RequestTarget {
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** In any case; a method that HTTP does not allow has no valid signature. */
  readonly method: string;
  /** The body bytes as received; empty when there is none. */
  readonly body: Uint8Array;
  /** The `X-CPG-Signature` header. */
  readonly signature: string;
}

/** How many signing keys one key id can have: one, or two during a rotation. */
export const MAX_SIGNING_KEYS = 2;

// Random, so that no signature can match them. What they verify is rejected all the same.
const DUMMY_KEYS = Array.from({ length: MAX_SIGNING_KEYS }, () => createSigningKey(createRandomSecret()));

// HTTP allows nothing else in a method. A line feed in it would shift the fields after it.
const METHOD = /^[!-~]+$/;

/**
 * Checks a signature against the signing keys of a key id: one, two during a rotation, or none for a key id that is unknown
 * or revoked. Every rejection costs the same two HMACs and two comparisons: dummy keys stand in for missing ones.
 * Wire protocol §2.1, step 7.
 *
 * @returns the rejection `invalid_signature`, or `undefined` when one of the keys made the signature.
 * @throws ProtocolError `invalid_secret` for a key not made by `createSigningKey`, or for more than two; `invalid_body` when
 * the body is not bytes; `invalid_field` for any other value of the wrong type.
 */
export const checkSignature = (
  received: SignatureToCheck,
  signingKeys: readonly SigningKey[],
): Rejection | undefined => {
  const { timestamp, method, path, query, body, signature } = readSignatureToCheck(received);
  assertString(timestamp, 'timestamp');
  assertString(method, 'method');
  assertString(path, 'path');
  assertString(query, 'query');
  const canonical = joinFields({
    timestamp,
    method: method.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
    path,
    query,
    bodySha256: bodySha256(body),
  });
  const keys = readSigningKeys(signingKeys);
  for (let index = 0; index < MAX_SIGNING_KEYS; index += 1) {
    const key = (index < keys.length ? keys[index] : DUMMY_KEYS[index]) as SigningKey;
    const isMatch = verify(key, canonical, signature);
    if (isMatch && index < keys.length && METHOD.test(method)) return undefined;
  }
  return REJECTIONS.invalid_signature;
};

const readSignatureToCheck = createFieldReader<SignatureToCheck>(
  'The signature to check',
  ({ timestamp, method, path, query, body, signature }) => ({
    timestamp,
    method,
    path,
    query,
    body,
    signature,
  }),
);

const readSigningKeys = (signingKeys: readonly SigningKey[]): readonly SigningKey[] => {
  if (!isArray(signingKeys)) throw wrongType('signingKeys', signingKeys, { expected: 'an array of keys' });
  return readGuarded('signingKeys', () => {
    const { length } = signingKeys;
    if (length > MAX_SIGNING_KEYS) {
      throw new ProtocolError(
        'invalid_secret',
        `A key id can have at most ${MAX_SIGNING_KEYS} signing keys: got ${length}.`,
      );
    }
    const keys = Array.from({ length }, (_, index) => signingKeys[index] as SigningKey);
    for (const key of keys) getHmacKey(key);
    return keys;
  });
};
