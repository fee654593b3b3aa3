import { randomBytes } from 'node:crypto';
import { createSigningKey, type WebhookEventName } from '@cpg/protocol';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import type { SecretBox } from '../database/secret-box.ts';

export interface NewWebhook {
  readonly accountId: string;
  /** The caller checks the URL rules. */
  readonly url: string;
  /** @default a random secret */
  readonly secret?: string | undefined;
  /** @default all events */
  readonly events?: readonly WebhookEventName[] | null | undefined;
  readonly at: Date;
}

export interface RegisteredWebhook {
  readonly id: number;
  readonly url: string;
  /** Shown to the user once, and never again. */
  readonly secret: string;
}

/**
 * Begins a statement: `waiting.id` is each endpoint with a pending delivery. Steps from endpoint to endpoint in the index, so
 * that the cost does not grow with the deliveries.
 */
export const WITH_WAITING = sql`WITH RECURSIVE waiting (id) AS (
  SELECT min(endpoint_id) FROM webhook_delivery WHERE status = 'pending'
  UNION ALL
  SELECT (SELECT min(endpoint_id) FROM webhook_delivery WHERE status = 'pending' AND endpoint_id > waiting.id)
  FROM waiting WHERE waiting.id IS NOT NULL)`;

/** The columns that let the next due delivery be attempted at once. */
export const NOT_SUSPENDED = { suspensions: 0, suspended_until: null };

export interface Suspension {
  /** Attempts without a response, in a row. */
  readonly failures: number;
  readonly until: Date;
}

// Attempts without a response, in a row, after which an endpoint is suspended.
const MAX_FAILURES = 5;
const FIRST_SUSPENSION_MS = 10_000;
export const MAX_SUSPENSION_MS = 15 * 60_000;

/**
 * Counts an attempt without a response. After five in a row the endpoint is suspended: for 10 s, then for
 * twice as long after each further failure, at most 15 minutes. Its due deliveries wait.
 *
 * @returns The suspension in force after this attempt, if any.
 */
export const countFailure = async (
  db: Database,
  endpointId: number,
  nowMs: number,
): Promise<Suspension | undefined> => {
  const now = new Date(nowMs);
  // Attempts in flight when the suspension begins do not prolong it.
  const begins = sql<boolean>`failures + 1 >= ${MAX_FAILURES} AND coalesce(suspended_until <= ${now}, true)`;
  const length = sql`least(${FIRST_SUSPENSION_MS} * 2 ^ least(suspensions, 20), ${MAX_SUSPENSION_MS})`;
  const row = await db
    .updateTable('webhook_endpoint')
    .set({
      failures: sql`failures + 1`,
      suspensions: sql`suspensions + CASE WHEN ${begins} THEN 1 ELSE 0 END`,
      suspended_until: sql`CASE WHEN ${begins}
        THEN ${now}::timestamptz + ${length} * interval '1 millisecond' ELSE suspended_until END`,
    })
    .where('id', '=', endpointId)
    .returning(['failures', 'suspended_until'])
    .executeTakeFirst();
  const until = row?.suspended_until ?? undefined;
  return row === undefined || until === undefined || until <= now
    ? undefined
    : { failures: row.failures, until };
};

/** The label that a webhook's secret is sealed with. */
export const getWebhookLabel = (accountId: string, url: string): string => `webhook:${accountId}:${url}`;

const toColumn = (events: readonly WebhookEventName[] | null | undefined): string[] | null =>
  events === null || events === undefined ? null : [...events];

/**
 * Registers a webhook for an account's events. A URL that is already registered gets the new secret, and is
 * no longer suspended. Wire protocol §5.
 */
export const registerWebhook = async (
  db: Database | Transaction<Schema>,
  box: SecretBox,
  { accountId, url, secret = `whsec_${randomBytes(32).toString('base64url')}`, events, at }: NewWebhook,
): Promise<RegisteredWebhook> => {
  // Throws when the secret cannot be used to sign.
  createSigningKey(secret);
  const sealed = box.seal(secret, getWebhookLabel(accountId, url));
  const { id } = await db
    .insertInto('webhook_endpoint')
    .values({ account_id: accountId, url, ...sealed, events: toColumn(events), created_at: at })
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'url'])
        .doUpdateSet({ ...sealed, events: toColumn(events), ...NOT_SUSPENDED }),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, url, secret };
};

/** Ends the suspension of a webhook. Returns false when the webhook does not exist. */
export const resumeWebhook = async (db: Database, id: number): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('webhook_endpoint')
    .set(NOT_SUSPENDED)
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

/** Removes a webhook with its pending deliveries. Returns false when it does not exist. */
export const removeWebhook = async (db: Database, id: number): Promise<boolean> => {
  const { numDeletedRows } = await db.deleteFrom('webhook_endpoint').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
};

/** Chooses the events of a webhook, `null` for all. Returns false when it does not exist. */
export const chooseWebhookEvents = async (
  db: Database,
  id: number,
  events: readonly WebhookEventName[] | null,
): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('webhook_endpoint')
    .set({ events: toColumn(events) })
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

/** Lists the webhooks with their state and the number of their undelivered events. */
export const listWebhooks = (db: Database) => {
  const count = (status: 'pending' | 'dead') => sql<number>`(SELECT count(*) FROM webhook_delivery
    WHERE endpoint_id = webhook_endpoint.id AND status = ${status})`;
  return db
    .selectFrom('webhook_endpoint')
    .select(['id', 'account_id', 'url', 'created_at', 'events', 'failures', 'suspended_until'])
    .select([count('pending').as('pending'), count('dead').as('dead')])
    .orderBy('id')
    .execute();
};

export type ListedWebhook = Awaited<ReturnType<typeof listWebhooks>>[number];
