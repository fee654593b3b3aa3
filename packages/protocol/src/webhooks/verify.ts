import { assertBytes, createFieldReader, isArray, readGuarded, wrongType } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { REJECTIONS, type Rejection } from '../rejections.ts';
import { isSameSignature } from '../signing/signature.ts';
import { getHmacKey, type SigningKey } from '../signing/signing-key.ts';
import { assertSeconds, isWithinWindow, parseTimestamp } from '../signing/timestamp.ts';
import { webhookSignature } from './sign.ts';

/** A header as common servers provide it; an array holds the values of a repeated header. */
export type ReceivedHeader = string | readonly string[] | null | undefined;

/** A webhook as received, and the key and the time to verify it with. Wire protocol §5. */
export interface WebhookToVerify {
  /** Made from the webhook's signing secret; during a rotation, the old and the new key. */
  readonly key: SigningKey | readonly SigningKey[];
  /** The body bytes as received: not parsed and not decoded. */
  readonly body: Uint8Array;
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: ReceivedHeader;
  /** The `X-CPG-Signature` header. */
  readonly signature: ReceivedHeader;
  /** The receiver's clock in whole Unix seconds: `Math.floor(Date.now() / 1000)`. */
  readonly now: number;
}

/**
 * A webhook with a valid signature that was signed at most 300 seconds ago. It may still be a repeated
 * delivery.
 */
export interface VerifiedWebhook {
  /** Unix seconds. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

/**
 * Verifies that a webhook is authentic and fresh. Otherwise returns a rejection, all with status 401:
 * `missing_authentication_headers`, `malformed_authentication_headers` (a repeated header),
 * `timestamp_outside_window` or `invalid_signature`. Upper-case signatures are accepted: receivers lowercase
 * them before the comparison. A retried delivery is valid again: deduplicate on the event's `id`. Wire
 * protocol §5.
 *
 * @throws ProtocolError `invalid_body` when the body is not bytes, for example parsed JSON;
 * `invalid_timestamp` when `now` is not whole seconds; `invalid_secret` without a key; `invalid_field` for a
 * header that is neither a string nor an array of strings, or for anything but an object. Unknown fields are
 * ignored.
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
  const expected = 'the value of the header as received: a string or an array of strings';
  return readGuarded(name, () => {
    if (!isArray(header)) throw wrongType(name, header, { expected });
    const values = [...header];
    for (const value of values) if (typeof value !== 'string') throw wrongType(name, value, { expected });
    return values;
  });
};
