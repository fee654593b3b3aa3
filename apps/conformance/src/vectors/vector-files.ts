import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type SigningVector as PublishedSigningVector,
  signingVectorFile,
  type VerificationVector,
  vectorBodyBytes,
  verificationVectorFile,
  type WebhookVector,
  webhookVectorFile,
} from '@cpg/protocol/vectors';

/** One request to sign, with the value of every stage; secret and body decoded. */
export type SigningVector = Omit<PublishedSigningVector, 'secretB64' | 'bodyB64'> & {
  readonly secret: Buffer;
  readonly body: Buffer;
};

const readJson = (file: string): unknown =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`@cpg/protocol/vectors/${file}`), 'utf8'));

/** The published requests to sign. Throws when the file does not follow its format. */
export const readSigningVectors = (): readonly SigningVector[] =>
  signingVectorFile
    .parse(readJson('request-signing.json'))
    .vectors.map(({ secretB64, bodyB64, ...vector }) => ({
      ...vector,
      secret: Buffer.from(secretB64, 'base64'),
      body: Buffer.from(vectorBodyBytes(bodyB64)),
    }));

/** The published requests to accept and to reject. Throws when the file does not follow its format. */
export const readVerificationVectors = (): readonly VerificationVector[] =>
  verificationVectorFile.parse(readJson('request-verification.json')).vectors;

/** The published webhooks to accept and to reject. Throws when the file does not follow its format. */
export const readWebhookVectors = (): readonly WebhookVector[] =>
  webhookVectorFile.parse(readJson('webhooks.json')).vectors;
