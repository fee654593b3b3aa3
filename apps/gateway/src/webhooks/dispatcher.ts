import { createSigningKey, DELIVERY_HEADER, EVENT_HEADER, type SigningKey, signWebhook } from '@cpg/protocol';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { inTransaction } from '../database/transactions.ts';
import { logFailure } from '../repeat.ts';
import type { Clock } from '../time.ts';
import { getWebhookLabel } from './endpoints.ts';
import { sendWebhook, type WebhookResponse } from './send-webhook.ts';
import type { WebhookUrlRules } from './url-rules.ts';

/** Delivers webhooks to each endpoint independently: a slow receiver does not delay the others. */
export class WebhookDispatcher {
  readonly #services: DeliveryServices;
  readonly #logger: Logger;
  readonly #inFlight = new Map<number, Promise<void>>();

  constructor(services: DeliveryServices, logger: Logger) {
    this.#services = services;
    this.#logger = logger;
  }

  /** Starts the due deliveries of every endpoint without one in flight. Does not wait for them. */
  async dispatchDue(): Promise<void> {
    for (const endpointId of await findDueEndpoints(this.#services)) {
      if (!this.#inFlight.has(endpointId)) this.#inFlight.set(endpointId, this.#deliver(endpointId));
    }
  }

  /** Waits for the deliveries in flight. */
  async drain(): Promise<void> {
    await Promise.all(this.#inFlight.values());
  }

  async #deliver(endpointId: number): Promise<void> {
    try {
      await deliverDue(this.#services, endpointId);
    } catch (error) {
      logFailure(this.#logger, error, 'webhook delivery failed; will retry');
    } finally {
      this.#inFlight.delete(endpointId);
    }
  }
}

export interface DeliveryServices {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: SecretBox;
  readonly rules: WebhookUrlRules;
  /** Timeout of an attempt in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const UNREADABLE_SECRET =
  'The signing secret was encrypted under another master key; register the webhook again';
// Concurrent attempts per endpoint.
const MAX_BATCH_SIZE = 20;
// Longer than any attempt: an expired lease belongs to a crashed process.
const LEASE_MS = 60_000;

/** The endpoints with a due delivery that no process has claimed. */
export const findDueEndpoints = async ({ db, clock }: DeliveryServices): Promise<readonly number[]> => {
  const due = await selectDue(db, new Date(clock.now())).select('endpoint_id').distinct().execute();
  return due.map(({ endpoint_id }) => endpoint_id);
};

/**
 * Attempts the due deliveries of an endpoint, each in one process only. Returns the number of attempts. Wire
 * protocol §5.
 */
export const deliverDue = async (services: DeliveryServices, endpointId: number): Promise<number> => {
  const claimed = await claimDue(services, endpointId);
  await Promise.all(claimed.map(({ id }) => attempt(services, id)));
  return claimed.length;
};

const selectDue = (db: Database, now: Date) =>
  db
    .selectFrom('webhook_delivery')
    .where('status', '=', 'pending')
    .where('next_attempt_at', '<=', now)
    .where((either) => either.or([either('claimed_until', 'is', null), either('claimed_until', '<', now)]));

const claimDue = ({ db, clock }: DeliveryServices, endpointId: number) => {
  const now = new Date(clock.now());
  const due = selectDue(db, now)
    .select('id')
    .where('endpoint_id', '=', endpointId)
    .orderBy('next_attempt_at')
    .limit(MAX_BATCH_SIZE)
    .forUpdate()
    .skipLocked();
  return db
    .updateTable('webhook_delivery')
    .set({ claimed_until: new Date(now.getTime() + LEASE_MS) })
    .where('id', 'in', due)
    .returning('id')
    .execute();
};

const findDelivery = (db: Database, id: string) =>
  db
    .selectFrom('webhook_delivery')
    .innerJoin('webhook_event', 'webhook_event.id', 'event_id')
    .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'endpoint_id')
    .select(['webhook_delivery.id', 'attempts', 'event', 'body', 'url', 'sealed_secret'])
    .select('webhook_endpoint.account_id')
    .where('webhook_delivery.id', '=', id)
    .executeTakeFirst();

type Delivery = NonNullable<Awaited<ReturnType<typeof findDelivery>>>;

const attempt = async (services: DeliveryServices, id: string): Promise<void> => {
  const delivery = await findDelivery(services.db, id);
  // The endpoint was removed after the claim.
  if (delivery === undefined) return;
  const startedAt = performance.now();
  const response = await send(services, delivery);
  await record(services, delivery, { ...response, ms: Math.round(performance.now() - startedAt) });
};

const openKey = (box: SecretBox, { sealed_secret, account_id, url }: Delivery): SigningKey | undefined => {
  try {
    return createSigningKey(box.open(sealed_secret, getWebhookLabel(account_id, url)));
  } catch {
    return undefined;
  }
};

const send = async (
  { box, clock, rules, timeoutMs = DEFAULT_TIMEOUT_MS }: DeliveryServices,
  delivery: Delivery,
): Promise<WebhookResponse> => {
  const body = Buffer.from(delivery.body);
  const key = openKey(box, delivery);
  // Recorded as a failed attempt: the delivery log shows the reason, and the delivery ends after the last
  // attempt.
  if (key === undefined) return { status: null, error: UNREADABLE_SECRET };
  const { headers } = signWebhook({ key, body, timestamp: Math.floor(clock.now() / 1000) });
  return sendWebhook({
    url: delivery.url,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'CPG-Webhooks/1',
      [EVENT_HEADER]: delivery.event,
      [DELIVERY_HEADER]: delivery.id,
      ...headers,
    },
    body,
    rules,
    timeoutMs,
  });
};

const record = async (
  { db, clock }: DeliveryServices,
  delivery: Delivery,
  response: WebhookResponse & { readonly ms: number },
): Promise<void> => {
  const now = clock.now();
  const isDelivered = response.status !== null && response.status >= 200 && response.status < 300;
  const delay = getRetryDelay(delivery.attempts + 1);
  await inTransaction(db, async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('webhook_delivery')
      .set({
        status: isDelivered ? 'delivered' : delay === undefined ? 'dead' : 'pending',
        attempts: sql`attempts + 1`,
        next_attempt_at: new Date(now + (delay ?? 0)),
        claimed_until: null,
      })
      .where('id', '=', delivery.id)
      // An attempt that outlived its lease must not overwrite the result of another attempt.
      .where('status', '=', 'pending')
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await transaction
      .insertInto('webhook_attempt')
      .values({
        delivery_id: delivery.id,
        attempted_at: new Date(now),
        response_status: response.status,
        error: response.error,
        duration_ms: response.ms,
      })
      .execute();
  });
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The times of the attempts, in milliseconds after the first. Wire protocol §5. */
const ATTEMPTS_AT = [0, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 12 * HOUR, 24 * HOUR] as const;

/**
 * The delay after a number of failed attempts; `undefined` after the last attempt. The delay counts from the
 * previous attempt, so a gateway that was down does not make several attempts at once.
 */
export const getRetryDelay = (attempts: number): number | undefined => {
  const next = ATTEMPTS_AT[attempts];
  const last = ATTEMPTS_AT[attempts - 1];
  return next === undefined || last === undefined ? undefined : next - last;
};
