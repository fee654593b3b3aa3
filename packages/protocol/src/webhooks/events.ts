import { z } from 'zod';
import { assertBytes } from '../arguments.ts';
import { withdrawalStatus } from '../endpoints/create-withdrawal.ts';
import { decimalString, integerId } from '../endpoints/schemas.ts';
import { formatIssues, wireMessage } from '../endpoints/wire-message.ts';
import { REJECTIONS, type Rejection, validationFailed } from '../rejections.ts';

/** The envelope of a webhook. Unknown fields are kept. Wire protocol §5. */
export const webhookEnvelope = <const Name extends string, Data extends z.ZodType>(event: Name, data: Data) =>
  z.looseObject({
    /** The same on every retry: deduplicate on it. */
    id: integerId,
    event: z.literal(event),
    created_at: z.string(),
    api_version: z.string(),
    data,
  });

/** The data of every `deposit.*` event. Wire protocol §5. */
export const depositEventData = z.looseObject({
  deposit_request_id: integerId,
  user_identifier: z.string().nullable(),
  address: z.string(),
  currency: z.string(),
  network: z.string(),
  amount: decimalString,
  tx_hash: z.string(),
  confirmations: z.int(),
  block_number: z.int().nullable(),
});

/** The `data` of a `deposit.*` event. Wire protocol §5. */
export type DepositEventData = z.output<typeof depositEventData>;

/** A payment was detected; it may still fail. */
export const depositDetected = webhookEnvelope('deposit.detected', depositEventData);
/** A payment is final and was credited to the balance. */
export const depositConfirmed = webhookEnvelope('deposit.confirmed', depositEventData);
/** A payment was moved from its deposit address to the gateway's wallet. */
export const depositSwept = webhookEnvelope('deposit.swept', depositEventData);

/** The data of every `withdrawal.*` event. Wire protocol §5. */
export const withdrawalEventData = z.looseObject({
  withdrawal_id: integerId,
  client_reference: z.string().nullable(),
  currency: z.string(),
  network: z.string(),
  to_address: z.string(),
  amount: decimalString,
  fee: decimalString,
  status: withdrawalStatus,
  tx_hash: z.string().nullable(),
  error_message: z.string().nullable(),
});

/** The `data` of a `withdrawal.*` event. Wire protocol §5. */
export type WithdrawalEventData = z.output<typeof withdrawalEventData>;

/** The withdrawal was broadcast to the chain. */
export const withdrawalBroadcasted = webhookEnvelope('withdrawal.broadcasted', withdrawalEventData);
/** The withdrawal is final and was debited from the balance. */
export const withdrawalConfirmed = webhookEnvelope('withdrawal.confirmed', withdrawalEventData);
/** The withdrawal failed for good; its hold was released. */
export const withdrawalFailed = webhookEnvelope('withdrawal.failed', withdrawalEventData);

/** The schema of the envelope of each of the six events, by name. Wire protocol §5. */
export const WEBHOOK_EVENTS = Object.freeze({
  'deposit.detected': depositDetected,
  'deposit.confirmed': depositConfirmed,
  'deposit.swept': depositSwept,
  'withdrawal.broadcasted': withdrawalBroadcasted,
  'withdrawal.confirmed': withdrawalConfirmed,
  'withdrawal.failed': withdrawalFailed,
});

/** The name of one of the six events. */
export type WebhookEventName = keyof typeof WEBHOOK_EVENTS;

/** The envelope of one event, e.g. `WebhookEventOf<'deposit.confirmed'>`. */
export type WebhookEventOf<Name extends WebhookEventName> = z.output<(typeof WEBHOOK_EVENTS)[Name]>;

/** One of the six events; `event` discriminates the type of `data`. */
export type WebhookEvent = { [Name in WebhookEventName]: WebhookEventOf<Name> }[WebhookEventName];

/**
 * An event of a later version of the gateway: acknowledge it with 2xx and ignore it. Wire protocol §6, rule
 * 8.
 */
export interface UnknownWebhookEvent {
  readonly id: number;
  readonly event: string;
  readonly created_at: string;
  readonly api_version: string;
  readonly data: unknown;
}

/** Whether an event is one of the six; afterwards `event` discriminates the type of `data`. */
export const isKnownWebhookEvent = (event: WebhookEvent | UnknownWebhookEvent): event is WebhookEvent => {
  try {
    return typeof event.event === 'string' && Object.hasOwn(WEBHOOK_EVENTS, event.event);
  } catch {
    return false; // Not an object, or a proxy that throws.
  }
};

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const anyEvent = z.looseObject({ ...webhookEnvelope('', z.unknown()).shape, event: z.string() });

/**
 * Parses the body of a webhook that {@link verifyWebhook} accepted. Unknown events and fields are kept.
 * Returns the rejection `malformed_json_body`, or `validation_failed` for a known event with invalid data.
 * Wire protocol §5.
 *
 * @throws ProtocolError `invalid_body` when the body is not bytes, for example parsed JSON.
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
