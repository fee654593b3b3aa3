import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { type VerificationVector, vectorBodyBytes, type WebhookVector } from '@cpg/protocol/vectors';
import { computeSignature, createCanonicalString } from '../core/expected-signature.ts';
import type { ConformanceCase } from '../core/suite.ts';
import { expectVerdict, type VectorContext } from './vector-context.ts';

const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');

const formatSpec = ({ spec }: { readonly spec: readonly string[] }): string => `§${spec.join(', §')}`;

const verification = (vector: VerificationVector): ConformanceCase<VectorContext> => ({
  id: `verify-published-${vector.id}`,
  group: `published ${vector.group}`,
  description: vector.description,
  spec: formatSpec(vector),
  level: vector.level,
  needs: ['verify'],
  run: async ({ check, subject, masker }) => {
    const { now, method, target, headers, expected } = vector;
    const keys = vector.keys.map(({ keyId, secretB64 }) => ({ keyId, secret: fromBase64(secretB64) }));
    for (const { secret } of keys) masker.addSecret(secret);
    const body = Buffer.from(vectorBodyBytes(vector.bodyB64));
    expectVerdict(check, expected, await subject.verify({ now, method, target, headers, body, keys }));
  },
});

const common = (vector: WebhookVector) => ({
  group: vector.group,
  spec: formatSpec(vector),
  level: vector.level,
  needs: ['webhook'],
});

const webhook = (vector: WebhookVector): ConformanceCase<VectorContext> => ({
  ...common(vector),
  id: vector.id.replace(/^(?:webhook-)?/, 'webhook-'),
  description: vector.description,
  run: async ({ check, subject, masker }) => {
    const { now, headers, expected } = vector;
    const secret = fromBase64(vector.secretB64);
    masker.addSecret(secret);
    const body = Buffer.from(vectorBodyBytes(vector.bodyB64));
    expectVerdict(check, expected, await subject.verifyWebhook({ now, headers, body, secret }));
  },
});

/** The signed text of a webhook: the timestamp, LF, the body. Wire protocol §5. */
const signedText = (timestamp: string, body: Buffer): string => `${timestamp}\n${body.toString('latin1')}`;

/**
 * The same body under a secret of this run, signed as a webhook, then as a request. A table of known
 * signatures cannot pass.
 */
const freshWebhook = (vector: WebhookVector): ConformanceCase<VectorContext> => ({
  ...common(vector),
  id: vector.id.replace(/^(?:webhook-)?/, 'webhook-fresh-'),
  description: `${vector.description}; signed with a secret of this run, then as a request, which must be rejected`,
  run: async ({ check, subject, random, masker }) => {
    const secret = Buffer.from(random.secret(`webhook/${vector.id}`));
    masker.addSecret(secret);
    const now = 1_750_000_000 + random.bytes(`webhook-now/${vector.id}`).readUInt16BE();
    const timestamp = String(now);
    const body = Buffer.from(vectorBodyBytes(vector.bodyB64));
    const send = (signature: string) => {
      const headers = [[TIMESTAMP_HEADER, timestamp] as const, [SIGNATURE_HEADER, signature] as const];
      masker.addSignature(signature);
      return subject.verifyWebhook({ now, headers, body, secret });
    };
    const good = await send(computeSignature(secret, signedText(timestamp, body)));
    expectVerdict(check, { accepted: true }, good);
    const request = createCanonicalString({ timestamp, method: 'POST', target: '/webhook', body });
    const rejection = { accepted: false, status: 401, message: 'Invalid signature' };
    expectVerdict(check, rejection, await send(computeSignature(secret, request)));
  },
});

/** The published verification vectors, unchanged. */
export const publishedVerifyCases = (
  vectors: readonly VerificationVector[],
): readonly ConformanceCase<VectorContext>[] => vectors.map(verification);

/** The published webhook vectors, and each valid body again under a secret of this run. */
export const webhookCases = (
  vectors: readonly WebhookVector[],
): readonly ConformanceCase<VectorContext>[] => [
  ...vectors.map(webhook),
  ...vectors.filter(({ result }) => result === 'valid').map(freshWebhook),
];
