import { createSigningKey, SIGNATURE_HEADER, TIMESTAMP_HEADER, verifyWebhook } from '@cpg/protocol';
import { textOf } from './base64.ts';
import { verdictOf } from './verdict-of.ts';

export interface VerifyWebhookCommand {
  readonly now: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyB64: string;
  readonly secretB64: string;
}

/** Decides about one delivery as a receiver would, without remembering ids. */
export const verifyWebhookCommand = ({ now, headers, bodyB64, secretB64 }: VerifyWebhookCommand) => {
  const valuesOf = (name: string) =>
    headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return verdictOf(
    verifyWebhook({
      key: createSigningKey(textOf(secretB64)),
      body: Buffer.from(bodyB64, 'base64'),
      timestamp: valuesOf(TIMESTAMP_HEADER),
      signature: valuesOf(SIGNATURE_HEADER),
      now,
    }),
  );
};
