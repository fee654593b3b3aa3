import { assertBytes, createOptionReader } from '../arguments.ts';
import { hmacSha256OfParts } from '../crypto/node.ts';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../signing/headers.ts';
import { getHmacKey, type SigningKey } from '../signing/signing-key.ts';
import { formatTimestamp } from '../signing/timestamp.ts';

/** A webhook before it is signed, for one delivery attempt. Contract §5. */
export interface WebhookToSign {
  /** Made of the webhook's own signing secret, not of an API key's. */
  readonly key: SigningKey;
  /** The body bytes exactly as they will be sent; the same on every retry. */
  readonly body: Uint8Array;
  /** Unix seconds of this attempt; every retry is signed anew. */
  readonly timestamp: number;
}

/** The two headers that authenticate a webhook, and their values. */
export interface SignedWebhook {
  readonly headers: {
    readonly [TIMESTAMP_HEADER]: string;
    readonly [SIGNATURE_HEADER]: string;
  };
  readonly timestamp: string;
  readonly signature: string;
}

/**
 * Signs one delivery attempt of a webhook: `HMAC-SHA256(secret, "{timestamp}\n" + body)`, which is not the canonical
 * string of a request. Contract §5.
 *
 * @throws ProtocolError `invalid_timestamp`, `invalid_body` or `invalid_secret` (a key not made by `createSigningKey`);
 * `invalid_option` for a misspelt field, `invalid_field` for no object.
 */
export const signWebhook = (webhook: WebhookToSign): SignedWebhook => {
  const { key, body, timestamp } = readWebhook(webhook);
  const text = formatTimestamp(timestamp);
  const signature = webhookSignature(key, text, body);
  return {
    headers: { [TIMESTAMP_HEADER]: text, [SIGNATURE_HEADER]: signature },
    timestamp: text,
    signature,
  };
};

const readWebhook = createOptionReader<WebhookToSign>('The webhook to sign', ({ key, body, timestamp }) => ({
  key,
  body,
  timestamp,
}));

/** Lowercase hex HMAC-SHA256 over timestamp, LF and body. Internal: not exported by the package. */
export const webhookSignature = (key: SigningKey, timestamp: string, body: Uint8Array): string => {
  assertBytes(body);
  return hmacSha256OfParts(getHmacKey(key), `${timestamp}\n`, body);
};
