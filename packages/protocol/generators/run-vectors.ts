import {
  createSigningKey,
  headerValues,
  isRejection,
  type Rejection,
  SIGNATURE_HEADER,
  type SigningKey,
  signRequest,
  signWebhook,
  TIMESTAMP_HEADER,
  verifyRequest,
  verifyWebhook,
} from '@cpg/protocol';
import {
  readVectorFile,
  type SigningVector,
  type VerificationVector,
  vectorBodyBytes,
  type WebhookVector,
} from '@cpg/protocol/vectors';

/** The vectors of the package. */
export const readVectors = () => ({
  signing: readVectorFile('request-signing').vectors,
  verification: readVectorFile('request-verification').vectors,
  webhooks: readVectorFile('webhooks').vectors,
});

const createKey = (secretB64: string): SigningKey =>
  createSigningKey(Buffer.from(secretB64, 'base64').toString('utf8'));

const toBytes = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

/** Every value that the package computes for a signing vector, with the names of the vector. */
export const signVector = (vector: SigningVector) => {
  const signed = signRequest({
    keyId: vector.keyId,
    key: createKey(vector.secretB64),
    method: vector.method,
    target: vector.target,
    body: vectorBodyBytes(vector.bodyB64),
    timestamp: Number(vector.timestamp),
  });
  const { path, query, bodySha256, canonical, signature, headers } = signed;
  return {
    headers: Object.entries(headers),
    stages: { path, query, bodySha256, canonical, canonicalHex: toBytes(canonical), signature },
  };
};

const toVerdict = (result: object | Rejection): VerificationVector['expected'] =>
  isRejection(result)
    ? { accepted: false, code: result.code, status: result.status, message: result.message }
    : { accepted: true };

/** The package's verdict on a received request. */
export const verifyVector = (vector: VerificationVector): VerificationVector['expected'] =>
  toVerdict(
    verifyRequest({
      now: vector.now,
      method: vector.method,
      target: vector.target,
      headers: vector.headers,
      body: vectorBodyBytes(vector.bodyB64),
      keys: new Map(vector.keys.map(({ keyId, secretB64 }) => [keyId, createKey(secretB64)])),
    }),
  );

/** The package's verdict on a received webhook. */
export const verifyWebhookVector = (vector: WebhookVector): WebhookVector['expected'] => {
  const verified = verifyWebhook({
    key: createKey(vector.secretB64),
    body: vectorBodyBytes(vector.bodyB64),
    timestamp: headerValues(vector.headers, TIMESTAMP_HEADER),
    signature: headerValues(vector.headers, SIGNATURE_HEADER),
    now: vector.now,
  });
  return toVerdict(verified);
};

/** The signature that the package computes for a received webhook. */
export const signWebhookVector = (vector: WebhookVector): string => {
  const timestamp = vector.headers.find(([name]) => name.toLowerCase() === TIMESTAMP_HEADER.toLowerCase());
  return signWebhook({
    key: createKey(vector.secretB64),
    body: vectorBodyBytes(vector.bodyB64),
    timestamp: Number(timestamp?.[1]),
  }).signature;
};
