import { z } from 'zod';
import { assertBytes } from '../bytes.ts';
import { REJECTIONS, type Rejection, validationFailed } from '../rejection.ts';
import { formatIssues, wireMessage } from '../wire-message.ts';
import { webhookEnvelope } from './webhook-envelope.ts';
import {
  isKnownWebhookEvent,
  type UnknownWebhookEvent,
  WEBHOOK_EVENTS,
  type WebhookEvent,
} from './webhook-event.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const anyEvent = z.looseObject({ ...webhookEnvelope('', z.unknown()).shape, event: z.string() });

/**
 * Reads the body of a webhook that {@link verifyWebhook} accepted. Events and fields that this version does not know are
 * kept; a known event whose data is not what it should be is a rejection: `malformed_json_body` or `validation_failed`.
 * Contract §5.
 *
 * @throws ProtocolError `invalid_body` when the body was parsed already.
 */
export const parseWebhookEvent = (body: Uint8Array): WebhookEvent | UnknownWebhookEvent | Rejection => {
  assertBytes(body);
  const json = parseJson(body);
  if (json === undefined) return REJECTIONS.malformed_json_body;
  const envelope = anyEvent.safeParse(json, { error: wireMessage });
  if (!envelope.success) return validationFailed(formatIssues(envelope.error.issues));
  const any: UnknownWebhookEvent = envelope.data;
  if (!isKnownWebhookEvent(any)) return any;
  const event = WEBHOOK_EVENTS[any.event].safeParse(json, { error: wireMessage });
  return event.success ? event.data : validationFailed(formatIssues(event.error.issues));
};

const parseJson = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(UTF8.decode(body));
  } catch {
    return undefined;
  }
};
