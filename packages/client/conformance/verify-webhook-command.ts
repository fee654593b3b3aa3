import {
  createSigningKey,
  type HeaderPairs,
  headerValues,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verifyWebhook,
} from '@cpg/protocol';
import { textOf } from './base64.ts';
import { verdictOf } from './verdict-of.ts';

export interface VerifyWebhookCommand {
  readonly now: number;
  readonly headers: HeaderPairs;
  readonly bodyB64: string;
  readonly secretB64: string;
}

/** Decides about one delivery as a receiver would, without remembering ids. */
export const verifyWebhookCommand = ({ now, headers, bodyB64, secretB64 }: VerifyWebhookCommand) =>
  verdictOf(
    verifyWebhook({
      key: createSigningKey(textOf(secretB64)),
      body: Buffer.from(bodyB64, 'base64'),
      timestamp: headerValues(headers, TIMESTAMP_HEADER),
      signature: headerValues(headers, SIGNATURE_HEADER),
      now,
    }),
  );
