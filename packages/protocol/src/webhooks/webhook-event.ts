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

/** The name of one of the six events. */
export type WebhookEventName = keyof typeof WEBHOOK_EVENTS;

/** The envelope of one event, e.g. `WebhookEventOf<'deposit.confirmed'>`. */
export type WebhookEventOf<Name extends WebhookEventName> = z.output<(typeof WEBHOOK_EVENTS)[Name]>;

/** Any of the six events; `event` tells which, and so what `data` holds. */
export type WebhookEvent = { [Name in WebhookEventName]: WebhookEventOf<Name> }[WebhookEventName];

/** An event that a later version of the gateway sends: acknowledge it with 2xx and go on. Contract §6, rule 8. */
export interface UnknownWebhookEvent {
  readonly id: number;
  readonly event: string;
  readonly created_at: string;
  readonly api_version: string;
  readonly data: unknown;
}

/** Tells one of the six events from an event of a later version; afterwards `event` tells what `data` holds. */
export const isKnownWebhookEvent = (event: WebhookEvent | UnknownWebhookEvent): event is WebhookEvent => {
  try {
    return typeof event.event === 'string' && Object.hasOwn(WEBHOOK_EVENTS, event.event);
  } catch {
    return false; // Not an object, or a proxy that throws.
  }
};
