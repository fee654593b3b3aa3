import { createOptionReader, quote, typeName } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { isRejection } from '../rejections.ts';
import { bodySha256 as hashBody, joinFields } from './canonical-string.ts';
import { isKeyId, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from './headers.ts';
import { parseRequestTarget } from './request-target.ts';
import { sign } from './signature.ts';
import type { SigningKey } from './signing-key.ts';
import { formatTimestamp } from './timestamp.ts';

/** A request to sign, exactly as it will be sent. Wire protocol §1. */
export interface RequestToSign {
  readonly keyId: string;
  readonly key: SigningKey;
  /** In any case. It is signed in upper case: send it in upper case. */
  readonly method: string;
  /** The request target exactly as it will be sent: path and query, without scheme and host. */
  readonly target: string;
  /** The body bytes exactly as they will be sent; omit when there is no body. */
  readonly body?: Uint8Array | undefined;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** The three headers to send, and every intermediate value for logs and comparison. */
export interface SignedRequest {
  readonly headers: {
    readonly [KEY_HEADER]: string;
    readonly [TIMESTAMP_HEADER]: string;
    readonly [SIGNATURE_HEADER]: string;
  };
  readonly method: string;
  readonly target: string;
  readonly timestamp: string;
  readonly path: string;
  readonly query: string;
  readonly bodySha256: string;
  readonly canonical: string;
  readonly signature: string;
}

const METHOD = /^[A-Za-z]+$/;
const NO_BODY = new Uint8Array(0);

const readRequest = createOptionReader<RequestToSign>(
  'The request to sign',
  ({ keyId, key, method, target, body, timestamp }) => ({ keyId, key, method, target, body, timestamp }),
);

const show = (value: unknown): string => (typeof value === 'string' ? quote(value) : typeName(value));

/**
 * Signs one request. Build the target and the body first, sign them, then send exactly those bytes: no
 * library may encode, sort or serialise them again. Wire protocol §1.
 *
 * @throws ProtocolError `invalid_key_id`, `invalid_secret`, `invalid_method`, `invalid_target`,
 * `invalid_timestamp` or `invalid_body` for a value that no server accepts; `invalid_option` for an unknown
 * field; `invalid_field` for anything but an object.
 */
export const signRequest = (request: RequestToSign): SignedRequest => {
  const given = readRequest(request);
  const { keyId, key, target } = given;
  if (!isKeyId(keyId)) {
    // Not shown: it may be the secret in the wrong place.
    const got = typeof keyId === 'string' ? 'another text' : typeName(keyId);
    throw new ProtocolError(
      'invalid_key_id',
      `Key id must be 1–128 characters of A-Z a-z 0-9 _ - . : got ${got}.`,
    );
  }
  if (typeof given.method !== 'string' || !METHOD.test(given.method)) {
    throw new ProtocolError('invalid_method', `Method must be letters A-Z only: got ${show(given.method)}.`);
  }
  const method = given.method.toUpperCase();
  const parsed = parseRequestTarget(target);
  if (isRejection(parsed)) {
    throw new ProtocolError(
      'invalid_target',
      `Target must be a path with an optional query as sent on the wire, e.g. /v1/balances?currency=USDT: got ${show(target)}.`,
    );
  }
  const timestamp = formatTimestamp(given.timestamp);
  const bodySha256 = hashBody(given.body ?? NO_BODY);
  const { path, query } = parsed;
  const canonical = joinFields({ timestamp, method, path, query, bodySha256 });
  const signature = sign(key, canonical);
  return {
    headers: { [KEY_HEADER]: keyId, [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: signature },
    method,
    target,
    timestamp,
    path,
    query,
    bodySha256,
    canonical,
    signature,
  };
};
