import { createSigningKey, DELIVERY_HEADER, EVENT_HEADER, type SigningKey, signWebhook } from '@cpg/protocol';
import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';
import type { Clock } from '../time.ts';
import type { AttemptRecorder } from './attempt-recorder.ts';
import {
  countFailure,
  getWebhookLabel,
  MAX_SUSPENSION_MS,
  type Suspension,
  WITH_WAITING,
} from './endpoints.ts';
import { createResolver, type ResolveHost } from './resolver.ts';
import { sendWebhook, WEBHOOK_HEADERS, type WebhookResponse } from './send-webhook.ts';
import type { WebhookUrlRules } from './url-rules.ts';

export interface DeliveryServices {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: SecretBox;
  readonly rules: WebhookUrlRules;
  /** Timeout of an attempt in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** @default the DNS servers of the system */
  readonly resolve?: ResolveHost;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const UNREADABLE_SECRET =
  'The signing secret was encrypted under another master key; register the webhook again';
// Longer than any attempt: an expired lease belongs to a crashed process.
const LEASE_MS = 60_000;
const resolveBySystem = createResolver();

export interface DueEndpoint {
  readonly id: number;
  /** Whether its last attempt got a response. */
  readonly isResponding: boolean;
}

/** The endpoints with a due delivery that no process has claimed, except suspended ones. */
export const findDueEndpoints = async ({
  db,
  clock,
}: Pick<DeliveryServices, 'db' | 'clock'>): Promise<readonly DueEndpoint[]> => {
  const now = new Date(clock.now());
  const { rows } = await sql<DueEndpoint>`
    ${WITH_WAITING}
    SELECT endpoint.id, has_responded AND failures = 0 AS "isResponding"
    FROM waiting JOIN webhook_endpoint endpoint ON endpoint.id = waiting.id
    WHERE (suspended_until IS NULL OR suspended_until <= ${now})
      AND EXISTS (
        SELECT FROM webhook_delivery
        WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_attempt_at <= ${now}
          AND (claimed_until IS NULL OR claimed_until < ${now}))`.execute(db);
  return rows;
};

/** Claims up to `limit` due deliveries of an endpoint, the longest due first; none while it is suspended. */
export const claimDue = ({ db, clock }: DeliveryServices, endpointId: number, limit: number) => {
  const now = new Date(clock.now());
  return (
    db
      .with('due', (query) =>
        query
          .selectFrom('webhook_delivery')
          .select('id')
          .where('endpoint_id', '=', endpointId)
          .where('status', '=', 'pending')
          .where('next_attempt_at', '<=', now)
          .where((either) =>
            either.or([either('claimed_until', 'is', null), either('claimed_until', '<', now)]),
          )
          .orderBy('next_attempt_at')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      )
      .updateTable('webhook_delivery')
      .from(['due', 'webhook_event', 'webhook_endpoint'])
      .set({ claimed_until: new Date(now.getTime() + LEASE_MS) })
      .whereRef('webhook_delivery.id', '=', 'due.id')
      .whereRef('webhook_event.id', '=', 'webhook_delivery.event_id')
      .whereRef('webhook_endpoint.id', '=', 'webhook_delivery.endpoint_id')
      // Another process, or the response to another attempt, may have suspended it since it was found.
      .where((either) =>
        either.or([either('suspended_until', 'is', null), either('suspended_until', '<=', now)]),
      )
      .returning(['webhook_delivery.id', 'endpoint_id', 'attempts', 'event', 'body', 'url', 'sealed_secret'])
      .returning(['webhook_endpoint.account_id', 'suspensions'])
      .execute()
  );
};

export type Delivery = Awaited<ReturnType<typeof claimDue>>[number];

/** The outcome of an attempt, with the timestamp that was signed. */
export interface SentWebhook extends WebhookResponse {
  /** Unix seconds; `null` when nothing was signed. */
  readonly timestamp: number | null;
}

/** The outcome of an attempt, with what it says about the endpoint. */
export interface AttemptResult extends SentWebhook {
  /** The suspension of the endpoint after this attempt, if any. */
  readonly suspension: Suspension | undefined;
}

/** Makes one attempt and records its result. */
export const attempt = async (
  services: DeliveryServices,
  delivery: Delivery,
  recorder: AttemptRecorder,
): Promise<AttemptResult> => {
  const startedAt = performance.now();
  const response = await send(services, delivery);
  await recorder.record(delivery, { ...response, ms: Math.round(performance.now() - startedAt) });
  const { db, clock } = services;
  const isSilent = response.status === null && response.isSent;
  const suspension = isSilent ? await countFailure(db, delivery.endpoint_id, clock.now()) : undefined;
  return { ...response, suspension };
};

const openKey = (box: SecretBox, { sealed_secret, account_id, url }: Delivery): SigningKey | undefined => {
  try {
    return createSigningKey(box.open(sealed_secret, getWebhookLabel(account_id, url)));
  } catch {
    return undefined;
  }
};

const send = async (services: DeliveryServices, delivery: Delivery): Promise<SentWebhook> => {
  const { box, clock, rules, timeoutMs = DEFAULT_TIMEOUT_MS, resolve = resolveBySystem } = services;
  const body = Buffer.from(delivery.body);
  const key = openKey(box, delivery);
  // Recorded as a failed attempt: the delivery log shows the reason, and the delivery ends after the last
  // attempt.
  if (key === undefined) return { status: null, error: UNREADABLE_SECRET, isSent: false, timestamp: null };
  const timestamp = Math.floor(clock.now() / 1000);
  const { headers } = signWebhook({ key, body, timestamp });
  const response = await sendWebhook({
    url: delivery.url,
    headers: {
      ...WEBHOOK_HEADERS,
      [EVENT_HEADER]: delivery.event,
      [DELIVERY_HEADER]: delivery.id,
      ...headers,
    },
    body,
    rules,
    timeoutMs,
    resolve,
  });
  return { ...response, timestamp: response.isSent ? timestamp : null };
};

// Clocks of processes differ by less.
const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Shortens what waits for longer than its schedule says, because it was planned while the clock was ahead: attempts,
 * leases and suspensions. When the clock is set back, they must not wait until it gets there again.
 */
export const bringBackFromFuture = async ({
  db,
  clock,
}: Pick<DeliveryServices, 'db' | 'clock'>): Promise<void> => {
  const now = clock.now();
  const delays = ATTEMPTS_AT.map((_at, attempts) => (attempts === 0 ? 0 : (getRetryDelay(attempts) ?? 0)));
  const until = (milliseconds: ReturnType<typeof sql>) =>
    sql`${new Date(now)}::timestamptz + ${milliseconds} * interval '1 millisecond'`;
  await sql`
    UPDATE webhook_delivery d
    SET next_attempt_at = LEAST(next_attempt_at, ${until(sql`plan.delay`)}),
      claimed_until = CASE WHEN claimed_until IS NOT NULL
        THEN LEAST(claimed_until, ${until(sql`${LEASE_MS}::integer`)}) END
    FROM unnest(${delays}::integer[]) WITH ORDINALITY AS plan (delay, attempt)
    WHERE d.status = 'pending' AND plan.attempt = d.attempts + 1
      AND (next_attempt_at > ${until(sql`(plan.delay + ${MAX_CLOCK_SKEW_MS})`)}
        OR claimed_until > ${until(sql`${LEASE_MS + MAX_CLOCK_SKEW_MS}::integer`)})`.execute(db);
  await db
    .updateTable('webhook_endpoint')
    .set({ suspended_until: null })
    .where('suspended_until', '>', new Date(now + MAX_SUSPENSION_MS + MAX_CLOCK_SKEW_MS))
    .execute();
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
