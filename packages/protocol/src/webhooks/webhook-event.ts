import type { z } from 'zod';
import { depositConfirmed, depositDetected, depositSwept } from './deposit-event.ts';
import { withdrawalBroadcasted, withdrawalConfirmed, withdrawalFailed } from './withdrawal-event.ts';

/** The six events and the schema of each whole envelope, by name. Contract §5. */
export const WEBHOOK_EVENTS = Object.freeze({
  'deposit.detected': depositDetected,
  'deposit.confirmed': depositConfirmed,
  'deposit.swept': depositSwept,
  'withdrawal.broadcasted': withdrawalBroadcasted,
  'withdrawal.confirmed': withdrawalConfirmed,
  'withdrawal.failed': withdrawalFailed,
});

export type WebhookEventName = keyof typeof WEBHOOK_EVENTS;

/** The envelope of one event, e.g. `WebhookEventOf<'deposit.confirmed'>`. */
export type WebhookEventOf<Name extends WebhookEventName> = z.output<(typeof WEBHOOK_EVENTS)[Name]>;

/** Any of the six events; `event` tells which, and so what `data` holds. */
export type WebhookEvent = { [Name in WebhookEventName]: WebhookEventOf<Name> }[WebhookEventName];

declare const unknownEvent: unique symbol;

/** An event that a later version of the gateway sends: acknowledge it with 2xx and go on. Contract §6, rule 8. */
export interface UnknownWebhookEvent {
  readonly id: number;
  /** Branded, so that comparing `event` with a known name leaves this type out. */
  readonly event: string & { readonly [unknownEvent]: true };
  readonly created_at: string;
  readonly api_version: string;
  readonly data: unknown;
}
