import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type VerificationVector,
  verificationVectorFile,
  type WebhookVector,
  webhookVectorFile,
} from '@cpg/protocol/vectors';
import { z } from 'zod';

const bytes = z
  .union([
    z.base64(),
    z.strictObject({
      repeat: z.strictObject({
        byteHex: z.string().regex(/^[0-9a-f]{2}$/),
        count: z.int().positive(),
      }),
    }),
  ])
  .transform((value) =>
    typeof value === 'string'
      ? Buffer.from(value, 'base64')
      : Buffer.alloc(value.repeat.count, Buffer.from(value.repeat.byteHex, 'hex')),
  );

const signingVector = z.looseObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  group: z.string(),
  description: z.string(),
  spec: z.array(z.string()).min(1),
  level: z.enum(['MUST', 'SHOULD']),
  result: z.literal('valid'),
  keyId: z.string(),
  secretB64: z.base64().transform((text) => Buffer.from(text, 'base64')),
  timestamp: z.string(),
  method: z.string(),
  target: z.string(),
  bodyB64: bytes,
  path: z.string(),
  query: z.string(),
  bodySha256: z.string(),
  canonical: z.string(),
  canonicalHex: z.string(),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});

const signingFile = z.looseObject({
  suite: z.literal('cpg-request-signing'),
  version: z.string(),
  vectors: z.array(signingVector).min(1),
});

/** One request to sign, with the value of every stage. */
export type SigningVector = z.output<typeof signingVector>;

/** Reads the signing vectors that are published with `@cpg/protocol`. Throws when the file does not follow its format. */
export const readSigningVectors = (): readonly SigningVector[] => {
  const path = createRequire(import.meta.url).resolve('@cpg/protocol/vectors/request-signing.json');
  const { vectors } = signingFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const ids = new Set(vectors.map(({ id }) => id));
  if (ids.size !== vectors.length) throw new Error('Vector ids must be unique: some occur twice.');
  return vectors;
};

const readJson = (file: string): unknown =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`@cpg/protocol/vectors/${file}`), 'utf8'));

/** The published requests to accept and to refuse. Throws when the file does not follow its format. */
export const readVerificationVectors = (): readonly VerificationVector[] =>
  verificationVectorFile.parse(readJson('request-verification.json')).vectors;

/** The published webhooks to accept and to refuse. Throws when the file does not follow its format. */
export const readWebhookVectors = (): readonly WebhookVector[] =>
  webhookVectorFile.parse(readJson('webhooks.json')).vectors;
