import { assertBytes, createFieldReader, isArray, readGuarded, wrongType } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { REJECTIONS, type Rejection } from '../rejections.ts';
import { isSameSignature } from '../signing/signature.ts';
import { getHmacKey, type SigningKey } from '../signing/signing-key.ts';
import { assertSeconds, isWithinWindow, parseTimestamp } from '../signing/timestamp.ts';
import { webhookSignature } from './sign.ts';

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
 * seconds, `invalid_secret` when there is no key, and `invalid_field` for a header that is
 * neither a string nor a list of strings, or no object. Further fields are ignored: what was received may be handed over whole.
 */
export const verifyWebhook = (webhook: WebhookToVerify): VerifiedWebhook | Rejection => {
  const { key, body, now, ...headers } = readWebhook(webhook);
  assertBytes(body);
  assertSeconds(now, 'Timestamp');
  const keys = readKeys(key);
  const timestamps = readHeader(headers.timestamp, 'timestamp');
  const signatures = readHeader(headers.signature, 'signature');
  const [timestamp = ''] = timestamps;
  const [signature = ''] = signatures;
  const isMissing = [timestamps, signatures].some((values) => values.length < 2 && !values[0]);
  if (isMissing) return REJECTIONS.missing_authentication_headers;
  if (timestamps.length > 1 || signatures.length > 1) return REJECTIONS.malformed_authentication_headers;
  const seconds = parseTimestamp(timestamp);
  if (seconds === undefined || !isWithinWindow(seconds, now)) return REJECTIONS.timestamp_outside_window;
  const received = signature.toLowerCase();
  const matches = keys.filter((each) => isSameSignature(webhookSignature(each, timestamp, body), received));
  return matches.length > 0 ? { timestamp: seconds, body } : REJECTIONS.invalid_signature;
};

const readWebhook = createFieldReader<WebhookToVerify>(
  'The webhook to verify',
  ({ key, body, timestamp, signature, now }) => ({ key, body, timestamp, signature, now }),
);

const readKeys = (given: WebhookToVerify['key']): readonly SigningKey[] =>
  readGuarded('key', () => {
    const keys = isArray(given) ? [...given] : [given];
    if (keys.length === 0) {
      throw new ProtocolError('invalid_secret', 'At least one key is needed to verify a webhook: got none.');
    }
    for (const key of keys) getHmacKey(key);
    return keys;
  });

const readHeader = (header: ReceivedHeader, name: string): readonly string[] => {
  if (header === undefined || header === null) return [];
  if (typeof header === 'string') return [header];
  const expected = 'the value of the header as it came: a string or an array of strings';
  return readGuarded(name, () => {
    if (!isArray(header)) throw wrongType(name, header, { expected });
    const values = [...header];
    for (const value of values) if (typeof value !== 'string') throw wrongType(name, value, { expected });
    return values;
  });
};
