import type { IncomingMessage } from 'node:http';
import {
  bodySha256,
  canonicalString,
  createSigningKey,
  isRejection,
  isWithinWindow,
  KEY_HEADER,
  parseRequestTarget,
  parseTimestamp,
  REJECTIONS,
  type Rejection,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verify,
} from '@cpg/protocol';
import type { Credentials } from '../client-options.ts';

/** Makes the check that every scripted request goes through, as at the real gateway: headers, window, signature, single use. */
export const makeSignatureCheck = ({ keyId, secret }: Credentials, now: () => number) => {
  const key = createSigningKey(secret);
  const used = new Set<string>();
  return (request: IncomingMessage, body: Buffer): Rejection | undefined => {
    const [givenKeyId, timestamp, signature] = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(
      (name) => request.headersDistinct[name.toLowerCase()]?.join() ?? '',
    );
    if (!givenKeyId || !timestamp || !signature) return REJECTIONS.missing_authentication_headers;
    const target = parseRequestTarget(request.url ?? '');
    if (isRejection(target)) return target;
    const seconds = parseTimestamp(timestamp);
    if (seconds === undefined || !isWithinWindow(seconds, now())) return REJECTIONS.timestamp_outside_window;
    const method = request.method ?? '';
    const canonical = canonicalString({ timestamp, method, ...target, bodySha256: bodySha256(body) });
    if (givenKeyId !== keyId || !verify(key, canonical, signature)) return REJECTIONS.invalid_signature;
    if (used.has(signature)) return REJECTIONS.signature_already_used;
    used.add(signature);
    return undefined;
  };
};
