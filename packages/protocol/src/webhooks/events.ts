import type * as core from 'zod/v4/core';
import * as z from 'zod/v4-mini';
import { assertBytes } from '../arguments.ts';
import { type WithdrawalStatus, withdrawalStatus } from '../endpoints/create-withdrawal.ts';
import { type ObjectSchema, type Schema, typed } from '../endpoints/schema.ts';
import { decimalString, integer, integerId } from '../endpoints/schemas.ts';
import { formatIssues, wireMessage } from '../endpoints/wire-message.ts';
import { REJECTIONS, type Rejection, validationFailed } from '../rejections.ts';

/** The body of a webhook: one event. Wire protocol §5. */
export interface WebhookEnvelope<Name extends string = string, Data = unknown> {
  /** The same on every retry: deduplicate on it. */
  readonly id: number;
  /** The name of the event. */
  readonly event: Name;
  /** When it happened: ISO 8601, UTC, whole seconds. */
  readonly created_at: string;
  /** `1`. */
  readonly api_version: string;
  /** What the event is about. */
  readonly data: Data;
}

const envelopeOf = <Name, Data>(event: Schema<Name>, data: Schema<Data>) =>
  z.looseObject({ id: integerId, event, created_at: z.string(), api_version: z.string(), data });

/** The schema of the envelope of one event. Unknown fields are kept. Wire protocol §5. */
export const webhookEnvelope = <const Name extends string, Data>(
  event: Name,
  data: Schema<Data>,
): ObjectSchema<WebhookEnvelope<Name, Data>> =>
  envelopeOf(z.literal(event), data) as unknown as ObjectSchema<WebhookEnvelope<Name, Data>>;

/** The `data` of a `deposit.*` event. Wire protocol §5. */
export interface DepositEventData {
  /** The deposit request whose address was paid. */
  readonly deposit_request_id: number;
  /** As given when the address was requested; `null` when none was given. */
  readonly user_identifier: string | null;
  /** The address that was paid. */
  readonly address: string;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** What arrived, in units of the currency, with its `decimals` places: a decimal string. */
  readonly amount: string;
  /** The transaction's hash on the network. */
  readonly tx_hash: string;
  /** Blocks on top of the transaction, its own included; 0 until it is in a block. */
  readonly confirmations: number;
  /** The height of its block; `null` until it is in one. */
  readonly block_number: number | null;
}

/** The schema of {@link DepositEventData}. */
export const depositEventData = typed<DepositEventData>()(
  z.looseObject({
    deposit_request_id: integerId,
    user_identifier: z.nullable(z.string()),
    address: z.string(),
    currency: z.string(),
    network: z.string(),
    amount: decimalString,
    tx_hash: z.string(),
    confirmations: integer,
    block_number: z.nullable(integer),
  }),
);

/** A payment was detected; it may still fail. */
export const depositDetected = webhookEnvelope('deposit.detected', depositEventData);
/** A payment is final and was credited to the balance. */
export const depositConfirmed = webhookEnvelope('deposit.confirmed', depositEventData);
/** A payment was moved from its deposit address to the gateway's wallet. */
export const depositSwept = webhookEnvelope('deposit.swept', depositEventData);

/** The `data` of a `withdrawal.*` event. Wire protocol §5. */
export interface WithdrawalEventData {
  /** The id of the withdrawal. */
  readonly withdrawal_id: number;
  /** As given when it was created; `null` when none was given. */
  readonly client_reference: string | null;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** The recipient's address. */
  readonly to_address: string;
  /** What the recipient gets, in units of the currency, with its `decimals` places: a decimal string. */
  readonly amount: string;
  /** Charged on top of `amount`, in the same currency and with the same places: a decimal string. */
  readonly fee: string;
  /** The state that the event reports; `confirmed` and `failed` are final. */
  readonly status: WithdrawalStatus;
  /** The transaction's hash on the network; `null` until it is broadcast. */
  readonly tx_hash: string | null;
  /** Why it failed, for people; `null` unless it failed. */
  readonly error_message: string | null;
}

/** The schema of {@link WithdrawalEventData}. */
export const withdrawalEventData = typed<WithdrawalEventData>()(
  z.looseObject({
    withdrawal_id: integerId,
    client_reference: z.nullable(z.string()),
    currency: z.string(),
    network: z.string(),
    to_address: z.string(),
    amount: decimalString,
    fee: decimalString,
    status: withdrawalStatus,
    tx_hash: z.nullable(z.string()),
    error_message: z.nullable(z.string()),
  }),
);

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
export type WebhookEventOf<Name extends WebhookEventName> = core.output<(typeof WEBHOOK_EVENTS)[Name]>;

/** One of the six events; `event` discriminates the type of `data`. */
export type WebhookEvent = { [Name in WebhookEventName]: WebhookEventOf<Name> }[WebhookEventName];

/**
 * An event of a later version of the gateway: acknowledge it with 2xx and ignore it. Wire protocol §6, rule
 * 8.
 */
export interface UnknownWebhookEvent extends WebhookEnvelope {}

/** Whether an event is one of the six; afterwards `event` discriminates the type of `data`. */
export const isKnownWebhookEvent = (event: WebhookEvent | UnknownWebhookEvent): event is WebhookEvent => {
  try {
    return typeof event.event === 'string' && Object.hasOwn(WEBHOOK_EVENTS, event.event);
  } catch {
    return false; // Not an object, or a proxy that throws.
  }
};

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const anyEvent = typed<UnknownWebhookEvent>()(envelopeOf(z.string(), z.unknown()));

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
