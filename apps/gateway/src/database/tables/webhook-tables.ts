import type { Generated } from 'kysely';
import type { WriteOnce } from './column-types.ts';

export interface WebhookEndpointTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly url: WriteOnce<string>;
  /** The signing secret, encrypted. */
  readonly sealed_secret: string;
  readonly created_at: WriteOnce<Date>;
}

/** The outbox: written in the transaction that made the change it tells of. */
export interface WebhookEventTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly event: WriteOnce<string>;
  /** The exact text that every attempt sends. */
  readonly body: WriteOnce<string>;
  readonly created_at: WriteOnce<Date>;
}

export interface WebhookDeliveryTable {
  readonly id: Generated<string>;
  readonly event_id: WriteOnce<number>;
  readonly endpoint_id: WriteOnce<number>;
  readonly status: 'pending' | 'delivered' | 'dead';
  readonly attempts: Generated<number>;
  readonly next_attempt_at: Date;
  /** Until then a process is at it; afterwards another may try, in case that process died. */
  readonly claimed_until: Date | null;
}

/** The delivery log. */
export interface WebhookAttemptTable {
  readonly id: Generated<number>;
  readonly delivery_id: WriteOnce<string>;
  readonly attempted_at: WriteOnce<Date>;
  /** `null`: no answer came. */
  readonly response_status: WriteOnce<number | null>;
  readonly error: WriteOnce<string | null>;
  readonly duration_ms: WriteOnce<number>;
}
