import { assertBytes } from './bytes.ts';
import { ProtocolError } from './protocol-error.ts';
import { REJECTIONS, type Rejection } from './rejection.ts';
import { webhookSignature } from './sign-webhook.ts';
import { isSameSignature } from './signature.ts';
import type { SigningKey } from './signing-key.ts';
import { formatTimestamp, isWithinWindow, parseTimestamp } from './timestamp.ts';

/** A header as the common servers hand it over; a list is a header that came more than once. */
export type ReceivedHeader = string | readonly string[] | null | undefined;

/** A webhook as it arrived, and what to check it against. Contract §5. */
export interface WebhookToVerify {
  /** Made of the webhook's signing secret; during a rotation, the old and the new one. */
  readonly key: SigningKey | readonly SigningKey[];
  /** The body bytes as they arrived: not parsed, not decoded. */
  readonly body: Uint8Array;
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: ReceivedHeader;
  /** The `X-CPG-Signature` header. */
  readonly signature: ReceivedHeader;
  /** The receiver's clock in whole Unix seconds: `Math.floor(Date.now() / 1000)`. */
  readonly now: number;
}

/** A webhook that was sent by a holder of the signing secret, at most 300 seconds ago. It may still be a repeat. */
export interface VerifiedWebhook {
  /** Unix seconds. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

/**
 * Checks that a webhook is authentic and fresh, before anything in it is believed. Returns the rejection to answer with
 * otherwise: `missing_authentication_headers`, `malformed_authentication_headers` (a header came twice),
 * `timestamp_outside_window` or `invalid_signature`, all 401. Upper-case signatures are accepted, as receivers lowercase
 * them first. A retry verifies again: deduplicate on the event's `id`. Contract §5.
 *
 * @throws ProtocolError `invalid_body` when the body was parsed already, `invalid_timestamp` when `now` is not whole
 * seconds, `invalid_secret` when there is no key.
 */
export const verifyWebhook = (webhook: WebhookToVerify): VerifiedWebhook | Rejection => {
  const { key, body, now } = webhook;
  assertBytes(body);
  formatTimestamp(now);
  const keys = [key].flat() as readonly SigningKey[];
  if (keys.length === 0) {
    throw new ProtocolError('invalid_secret', 'At least one key is needed to verify a webhook: got none.');
  }
  const timestamp = unwrap(webhook.timestamp);
  const signature = unwrap(webhook.signature);
  if (!timestamp?.length || !signature?.length) return REJECTIONS.missing_authentication_headers;
  if (typeof timestamp !== 'string' || typeof signature !== 'string') {
    return REJECTIONS.malformed_authentication_headers;
  }
  const seconds = parseTimestamp(timestamp);
  if (seconds === undefined || !isWithinWindow(seconds, now)) return REJECTIONS.timestamp_outside_window;
  const received = signature.toLowerCase();
  const matches = keys.filter((each) => isSameSignature(webhookSignature(each, timestamp, body), received));
  return matches.length > 0 ? { timestamp: seconds, body } : REJECTIONS.invalid_signature;
};

const unwrap = (header: ReceivedHeader): ReceivedHeader =>
  typeof header === 'object' && header?.length === 1 ? header[0] : header;
