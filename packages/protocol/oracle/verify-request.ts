import {
  bodySha256,
  canonicalString,
  createSigningKey,
  isKeyId,
  isRejection,
  isWithinWindow,
  KEY_HEADER,
  parseRequestTarget,
  parseTimestamp,
  REJECTIONS,
  type Rejection,
  SIGNATURE_HEADER,
  type SigningKey,
  TIMESTAMP_HEADER,
  verify,
} from '@cpg/protocol';

export interface ReceivedRequest {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  /** In order, with repeats. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly keys: ReadonlyMap<string, SigningKey>;
}

const UNKNOWN_KEY = createSigningKey('cpg-unknown-key-DO-NOT-USE-IN-PRODUCTION');

/** Steps 2 to 7 of the order of checks (contract §2.1), over the package's public functions; `undefined` lets the request in. */
export const verifyRequest = (request: ReceivedRequest): Rejection | undefined => {
  const { now, method, headers, keys } = request;
  const valuesOf = (name: string) =>
    headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const [key, timestamp, signature] = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(valuesOf) as [
    string[],
    string[],
    string[],
  ];
  if (!key[0] || !timestamp[0] || !signature[0]) return REJECTIONS.missing_authentication_headers;
  if (key.length > 1 || timestamp.length > 1 || signature.length > 1 || !isKeyId(key[0])) {
    return REJECTIONS.malformed_authentication_headers;
  }
  const target = parseRequestTarget(request.target);
  if (isRejection(target)) return target;
  const seconds = parseTimestamp(timestamp[0]);
  if (seconds === undefined || !isWithinWindow(seconds, now)) return REJECTIONS.timestamp_outside_window;
  if (valuesOf('Content-Encoding').some((encoding) => encoding !== 'identity')) {
    return REJECTIONS.content_encoding_not_supported;
  }
  const canonical = canonicalString({
    timestamp: timestamp[0],
    method,
    ...target,
    bodySha256: bodySha256(request.body),
  });
  const known = keys.get(key[0]);
  const isVerified = verify(known ?? UNKNOWN_KEY, canonical, signature[0]);
  return known !== undefined && isVerified ? undefined : REJECTIONS.invalid_signature;
};
