import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type VerificationVector,
  verificationVectorFile,
  type WebhookVector,
  webhookVectorFile,
} from '@cpg/protocol/vectors';

const readJson = (file: string): unknown =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`@cpg/protocol/vectors/${file}`), 'utf8'));

/** The published requests to accept and to refuse. Throws when the file does not follow its format. */
export const readVerificationVectors = (): readonly VerificationVector[] =>
  verificationVectorFile.parse(readJson('request-verification.json')).vectors;

/** The published webhooks to accept and to refuse. Throws when the file does not follow its format. */
export const readWebhookVectors = (): readonly WebhookVector[] =>
  webhookVectorFile.parse(readJson('webhooks.json')).vectors;
