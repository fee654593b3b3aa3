import {
  type SigningVector as PublishedSigningVector,
  readVectorFile,
  type VerificationVector,
  vectorBodyBytes,
  type WebhookVector,
} from '@cpg/protocol/vectors';

/** One request to sign, with the value of every stage; secret and body decoded. */
export type SigningVector = Omit<PublishedSigningVector, 'secretB64' | 'bodyB64'> & {
  readonly secret: Buffer;
  readonly body: Buffer;
};

/** The published requests to sign. Throws when the file does not follow its format. */
export const readSigningVectors = (): readonly SigningVector[] =>
  readVectorFile('request-signing').vectors.map(({ secretB64, bodyB64, ...vector }) => ({
    ...vector,
    secret: Buffer.from(secretB64, 'base64'),
    body: Buffer.from(vectorBodyBytes(bodyB64)),
  }));

/** The published requests to accept and to reject. Throws when the file does not follow its format. */
export const readVerificationVectors = (): readonly VerificationVector[] =>
  readVectorFile('request-verification').vectors;

/** The published webhooks to accept and to reject. Throws when the file does not follow its format. */
export const readWebhookVectors = (): readonly WebhookVector[] => readVectorFile('webhooks').vectors;
