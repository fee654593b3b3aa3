import { hmacSha256OfParts } from '#crypto';
import { assertBytes, createOptionReader } from '../arguments.ts';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../signing/headers.ts';
import { getHmacKey, type SigningKey } from '../signing/signing-key.ts';
import { formatTimestamp } from '../signing/timestamp.ts';

/** A webhook to sign, for one delivery attempt. Wire protocol §5. */
export interface WebhookToSign {
  /** Made from the webhook's signing secret, not from the secret of an API key. */
  readonly key: SigningKey;
  /** The body bytes exactly as they will be sent; the same on every retry. */
  readonly body: Uint8Array;
  /** Unix seconds of this attempt: sign every retry again, with a new timestamp. */
  readonly timestamp: number;
}

/** The two headers that authenticate a webhook, and the values in them. */
export interface SignedWebhook {
  readonly headers: {
    readonly [TIMESTAMP_HEADER]: string;
    readonly [SIGNATURE_HEADER]: string;
  };
  readonly timestamp: string;
  readonly signature: string;
}

/**
 * Signs one delivery attempt of a webhook: `HMAC-SHA256(secret, "{timestamp}\n" + body)`. This differs from
 * the canonical string of a request. Wire protocol §5.
 *
 * @throws ProtocolError `invalid_timestamp`, `invalid_body` or `invalid_secret` (a key not made by
 * `createSigningKey`); `invalid_option` for an unknown field; `invalid_field` for anything but an object.
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
