import {
  AUTHENTICATION_HEADERS,
  bodySha256,
  canonicalString,
  createSigningKey,
  isKeyId,
  isRejection,
  isWithinWindow,
  parseRequestTarget,
  parseTimestamp,
  REJECTIONS,
  type Rejection,
  SIGNATURE_HEADER,
  signRequest,
  TIMESTAMP_HEADER,
  verify,
  verifyWebhook,
} from '@cpg/protocol';
import type {
  SignCommand,
  Signing,
  VectorSubject,
  Verification,
  VerifyCommand,
  WebhookCommand,
} from './vector-subject.ts';

const sign = async ({ now, keyId, secret, method, target, body }: SignCommand): Promise<Signing> => {
  const key = createSigningKey(secret.toString('utf8'));
  const signed = signRequest({ keyId, key, method, target, body, timestamp: now });
  return {
    headers: Object.entries(signed.headers),
    path: signed.path,
    query: signed.query,
    bodySha256: signed.bodySha256,
    canonical: Buffer.from(signed.canonical, 'utf8'),
  };
};

/** The order of contract §2.1 up to the signature, put together from the package's parts. */
const decide = ({ now, method, target, headers, body, keys }: VerifyCommand): Rejection | undefined => {
  const all = (name: string) =>
    headers.filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const values = AUTHENTICATION_HEADERS.map(all);
  if (values.some((list) => list.length === 0 || list.includes('')))
    return REJECTIONS.missing_authentication_headers;
  const [keyId = '', timestampText = '', signature = ''] = values.map((list) => list[0]);
  if (values.some((list) => list.length > 1) || !isKeyId(keyId))
    return REJECTIONS.malformed_authentication_headers;
  const split = parseRequestTarget(target);
  if (isRejection(split)) return split;
  const timestamp = parseTimestamp(timestampText);
  if (timestamp === undefined || !isWithinWindow(timestamp, now)) return REJECTIONS.timestamp_outside_window;
  if (all('content-encoding').some((coding) => coding.toLowerCase() !== 'identity'))
    return REJECTIONS.content_encoding_not_supported;
  const known = keys.find((key) => key.keyId === keyId);
  if (known === undefined) return REJECTIONS.invalid_signature;
  const canonical = canonicalString({
    timestamp: timestampText,
    method,
    ...split,
    bodySha256: bodySha256(body),
  });
  const key = createSigningKey(known.secret.toString('utf8'));
  return verify(key, canonical, signature) ? undefined : REJECTIONS.invalid_signature;
};

const toVerification = (rejection: Rejection | undefined): Verification =>
  rejection === undefined
    ? { accepted: true }
    : { accepted: false, status: rejection.status, message: rejection.message };

const decideWebhook = ({ now, headers, body, secret }: WebhookCommand): Rejection | undefined => {
  const all = (name: string) =>
    headers.filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const result = verifyWebhook({
    key: createSigningKey(secret.toString('utf8')),
    body,
    timestamp: all(TIMESTAMP_HEADER),
    signature: all(SIGNATURE_HEADER),
    now,
  });
  return isRejection(result) ? result : undefined;
};

/** `@cpg/protocol`, called in this process. */
export const protocolSubject: VectorSubject = {
  sign,
  verify: async (command) => toVerification(decide(command)),
  verifyWebhook: async (command) => toVerification(decideWebhook(command)),
};
