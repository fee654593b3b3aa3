import { z } from 'zod';
import { sender, webhookStages } from './stages.ts';
import { base64Bytes, vectorBody } from './vector-body.ts';
import { supersedes, vectorFile, vectorHead } from './vector-file.ts';
import { headerPairs, signatureHeader, verdict } from './verdict.ts';

/** A webhook delivery as its receiver got it, the moment, the signing secret, and the answer. */
export const webhookVector = z.strictObject({
  ...vectorHead,
  supersedes,
  /** The receiver's clock in Unix seconds. */
  now: z.int().nonnegative(),
  secretB64: base64Bytes,
  headers: headerPairs,
  bodyB64: vectorBody,
  expected: verdict,
  signatureHeader,
  /** What a receiver computes from what it received, when it gets as far as the signature. */
  computed: z.strictObject(webhookStages).optional(),
  /** Left out when it is what `computed` says. */
  sent: sender.optional(),
});
/** A received webhook, and the answer that it is to get. */
export type WebhookVector = z.output<typeof webhookVector>;

/** The shape of `vectors/webhooks.json`. */
export const webhookVectorFile = vectorFile('webhooks', webhookVector);
