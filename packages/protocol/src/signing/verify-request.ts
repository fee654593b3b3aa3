import { createRandomSecret } from '#crypto';
import {
  assertBytes,
  assertString,
  createFieldReader,
  isArray,
  readGuarded,
  wrongType,
} from '../arguments.ts';
import { upperCaseAscii } from '../letter-case.ts';
import { ProtocolError } from '../protocol-error.ts';
import { isRejection, REJECTIONS, type Rejection } from '../rejections.ts';
import { bodySha256, joinFields } from './canonical-string.ts';
import { type ReceivedHeaders, readAuthenticationHeaders } from './headers.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';
import { verify } from './signature.ts';
import { createSigningKey, getHmacKey, type SigningKey } from './signing-key.ts';
import { assertSeconds, checkTimestamp } from './timestamp.ts';

/** A request as received, and the keys and the time to verify it with. Wire protocol §1. */
export interface RequestToVerify {
  readonly method: string;
  /** The request target as received: not decoded, and not shortened by a router. */
  readonly target: string;
  /** All headers as received, repeats included: pairs, or Node's `rawHeaders`. */
  readonly headers: ReceivedHeaders;
  /** The body bytes as received; empty when there is no body. */
  readonly body: Uint8Array;
  /** The live signing keys by key id; during a rotation, the old and the new one. */
  readonly keys: ReadonlyMap<string, SigningKey | readonly SigningKey[]>;
  /** The server's clock in whole Unix seconds. */
  readonly now: number;
}

/** A request with a valid signature that was signed at most 300 seconds ago. It may still be a replay. */
export interface VerifiedRequest extends RequestTarget {
  readonly keyId: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Accept it only once for this key id, until {@link usedUntil} of the timestamp. */
  readonly signature: string;
}

/**
 * Makes the stateless checks of wire protocol §2.1 in their order: headers, target, timestamp, content
 * encoding, key and signature. Returns the rejection of the first check that fails. Body limit, single use,
 * rate limit, source address and permission remain to be checked: `@cpg/server-middleware` does that.
 *
 * @throws ProtocolError `invalid_body` when the body is not bytes, `invalid_timestamp` when `now` is not
 * whole seconds, `invalid_secret` for a key not made by `createSigningKey` or a third key of one key id, and
 * `invalid_field` for any other value of the wrong type. No request can cause an error. Unknown fields are
 * ignored.
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
  const { path, query } = target;
  const rejection =
    checkContentEncoding(received.contentEncoding) ??
    checkSignature(
      { timestamp: received.timestamp, method, path, query, body, signature },
      findSigningKeys(keys, keyId),
    );
  return rejection ?? { keyId, timestamp, signature, path, query };
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
 * Rejects a compressed body: the signature covers the bytes on the wire, but a handler would read other
 * bytes. Wire protocol §2.1, step 6.
 *
 * @param contentEncoding every `Content-Encoding` header, joined with commas; empty when there is none
 * @returns the rejection `content_encoding_not_supported` for any coding but `identity`, wherever it is in the list.
 */
export const checkContentEncoding = (contentEncoding: string): Rejection | undefined => {
  assertString(contentEncoding, 'contentEncoding');
  const isPlain = contentEncoding === '' || contentEncoding.split(',').every(isIdentity);
  return isPlain ? undefined : REJECTIONS.content_encoding_not_supported;
};

// RFC 9110: spaces and tabs around an element of a list, and empty elements, have no meaning.
const isIdentity = (coding: string): boolean => /^[ \t]*(?:identity[ \t]*)?$/i.test(coding);

/** A signature, and the parts of the request that it covers, as received. */
export interface SignatureToCheck extends RequestTarget {
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** In any case. A method with characters that HTTP does not allow is never accepted. */
  readonly method: string;
  /** The body bytes as received; empty when there is none. */
  readonly body: Uint8Array;
  /** The `X-CPG-Signature` header. */
  readonly signature: string;
}

/** The maximum number of signing keys of a key id: one, or two during a rotation. */
export const MAX_SIGNING_KEYS = 2;

let dummyKeys: readonly SigningKey[] | undefined;

/**
 * Keys with random secrets, created at the first use because workers forbid randomness while modules load. A
 * signature that one of these keys verifies is rejected anyway.
 */
const getDummyKeys = (): readonly SigningKey[] => {
  dummyKeys ??= Array.from({ length: MAX_SIGNING_KEYS }, () => createSigningKey(createRandomSecret()));
  return dummyKeys;
};

// HTTP allows nothing else in a method. A line feed in it would shift the fields after it.
const METHOD = /^[!-~]+$/;

/**
 * Checks a signature with the signing keys of a key id: one, two during a rotation, or none when the key id
 * is unknown or revoked. Every rejection takes two HMACs and two comparisons; dummy keys replace missing
 * keys. Wire protocol §2.1, step 7.
 *
 * @returns the rejection `invalid_signature`, or `undefined` when one of the keys made the signature.
 * @throws ProtocolError `invalid_secret` for a key not made by `createSigningKey` or for more than two keys;
 * `invalid_body` when the body is not bytes; `invalid_field` for any other value of the wrong type.
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
    method: upperCaseAscii(method),
    path,
    query,
    bodySha256: bodySha256(body),
  });
  const keys = readSigningKeys(signingKeys);
  const dummies = getDummyKeys();
  for (let index = 0; index < MAX_SIGNING_KEYS; index += 1) {
    const key = (index < keys.length ? keys[index] : dummies[index]) as SigningKey;
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
    const keys: SigningKey[] = [];
    for (let index = 0; index < length; index += 1) {
      const key = signingKeys[index] as SigningKey;
      getHmacKey(key);
      keys.push(key);
    }
    return keys;
  });
};
