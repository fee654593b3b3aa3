import { DELIVERY_HEADER, EVENT_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Services } from '../services.ts';
import { NOT_SUSPENDED, resumeWebhook, WITH_WAITING } from './endpoints.ts';
import { WEBHOOK_HEADERS } from './send-webhook.ts';

export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** A place in the list of deliveries. As text, such as `120.3`, it goes on after this event and endpoint. */
export interface DeliveryPosition {
  readonly event_id: number;
  readonly endpoint_id: number;
}

export const DELIVERY_POSITION = /^\d{1,15}\.\d{1,15}$/;

export const formatPosition = ({ event_id, endpoint_id }: DeliveryPosition): string =>
  `${event_id}.${endpoint_id}`;

/** Parses what matches `DELIVERY_POSITION`. */
export const parsePosition = (text: string): DeliveryPosition => {
  const [event_id = 0, endpoint_id = 0] = text.split('.').map(Number);
  return { event_id, endpoint_id };
};

export interface DeliveryFilter {
  readonly limit: number;
  /** Lists what is older. */
  readonly before?: DeliveryPosition | undefined;
  readonly accountId?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
  readonly endpointId?: number | undefined;
}

/** Lists the newest deliveries, each with its latest attempt. */
export const listDeliveries = (
  db: Database,
  { limit, before, accountId, status, endpointId }: DeliveryFilter,
) => {
  let query = db
    .selectFrom('webhook_delivery')
    .innerJoin('webhook_event', 'webhook_event.id', 'event_id')
    .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'endpoint_id')
    .leftJoinLateral(
      (attempt) =>
        attempt
          .selectFrom('webhook_attempt')
          .select(['response_status', 'error', 'attempted_at', 'duration_ms'])
          .whereRef('delivery_id', '=', 'webhook_delivery.id')
          .orderBy('id', 'desc')
          .limit(1)
          .as('latest'),
      (join) => join.onTrue(),
    )
    .select(['webhook_delivery.id', 'event_id', 'endpoint_id', 'event', 'url', 'status', 'attempts'])
    .select(['next_attempt_at', 'response_status', 'error', 'attempted_at', 'duration_ms'])
    .orderBy('event_id', 'desc')
    .orderBy('endpoint_id', 'desc')
    .limit(limit);
  if (before !== undefined)
    query = query.where(
      sql<boolean>`(event_id, endpoint_id) < (${before.event_id}::bigint, ${before.endpoint_id}::bigint)`,
    );
  if (accountId !== undefined) query = query.where('webhook_endpoint.account_id', '=', accountId);
  if (status !== undefined) query = query.where('status', '=', status);
  if (endpointId !== undefined) query = query.where('endpoint_id', '=', endpointId);
  return query.execute();
};

/** Finds the event that a delivery sends, and where to. */
export const findDelivery = (db: Database, id: string) =>
  db
    .selectFrom('webhook_delivery')
    .innerJoin('webhook_event', 'webhook_event.id', 'event_id')
    .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'endpoint_id')
    .select(['webhook_delivery.id', 'event', 'body', 'url', 'status', 'next_attempt_at'])
    .where('webhook_delivery.id', '=', id)
    .executeTakeFirst();

/** Lists the attempts of a delivery, oldest first. */
export const listAttempts = (db: Database, deliveryId: string) =>
  db
    .selectFrom('webhook_attempt')
    .select(['attempted_at', 'response_status', 'error', 'duration_ms', 'request_timestamp'])
    .select(['response_head', 'response_body', 'response_is_cut'])
    .where('delivery_id', '=', deliveryId)
    .orderBy('id')
    .execute();

interface SentDelivery {
  readonly id: string;
  readonly event: string;
  readonly body: string;
  readonly url: string;
}

/** The head of an attempt as it was sent, with the signature hidden: until its timestamp is too old it is as good as the secret. */
export const formatRequestHead = ({ id, event, body, url }: SentDelivery, timestamp: number): string => {
  const { pathname, search, host } = new URL(url);
  const headers = {
    ...WEBHOOK_HEADERS,
    [EVENT_HEADER]: event,
    [DELIVERY_HEADER]: id,
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: '… (64 hex digits, hidden)',
    'Content-Length': Buffer.byteLength(body),
    Host: host,
    Connection: 'close',
  };
  const lines = Object.entries(headers).map((header) => header.join(': '));
  return [`POST ${pathname}${search} HTTP/1.1`, ...lines].join('\n');
};

/** Lists the attempts of all deliveries after an attempt, oldest first. */
export const listAttemptsAfter = (db: Database, attemptId: number, limit: number) =>
  db
    .selectFrom('webhook_attempt')
    .innerJoin('webhook_delivery', 'webhook_delivery.id', 'delivery_id')
    .innerJoin('webhook_event', 'webhook_event.id', 'event_id')
    .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'endpoint_id')
    .select(['webhook_attempt.id', 'delivery_id', 'event_id', 'event', 'url', 'attempted_at'])
    .select(['response_status', 'error', 'duration_ms'])
    .where('webhook_attempt.id', '>', attemptId)
    .orderBy('webhook_attempt.id')
    .limit(limit)
    .execute();

/** The id of the latest attempt; 0 before the first. */
export const findLastAttempt = async (db: Database): Promise<number> => {
  const { id } = await db
    .selectFrom('webhook_attempt')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirstOrThrow();
  return id ?? 0;
};

/** Milliseconds since the oldest due delivery that no process has claimed was due, without suspended endpoints. */
export const measureDeliveryLag = async ({ db, clock }: Pick<Services, 'db' | 'clock'>): Promise<number> => {
  const now = new Date(clock.now());
  const { rows } = await sql<{ oldest: Date | null }>`
    ${WITH_WAITING}
    SELECT min(due.next_attempt_at) AS oldest
    FROM waiting JOIN webhook_endpoint endpoint ON endpoint.id = waiting.id
    CROSS JOIN LATERAL (
      SELECT next_attempt_at FROM webhook_delivery
      WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_attempt_at <= ${now}
        AND (claimed_until IS NULL OR claimed_until < ${now})
      ORDER BY next_attempt_at LIMIT 1) AS due
    WHERE suspended_until IS NULL OR suspended_until <= ${now}`.execute(db);
  const oldest = rows[0]?.oldest ?? now;
  return now.getTime() - oldest.getTime();
};

/** Counts the endpoints that are suspended. */
export const countSuspended = async ({ db, clock }: Pick<Services, 'db' | 'clock'>): Promise<number> => {
  const { count } = await db
    .selectFrom('webhook_endpoint')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('suspended_until', '>', new Date(clock.now()))
    .executeTakeFirstOrThrow();
  return count;
};

/** The columns of a delivery whose schedule starts again. */
const dueAgain = (at: Date) =>
  ({ status: 'pending', attempts: sql<number>`0`, next_attempt_at: at, claimed_until: null }) as const;

/**
 * Restarts the schedule of a delivery, also when its endpoint is suspended. Returns false when it does not
 * exist. Wire protocol §5.
 */
export const requeueDelivery = async (db: Database, id: string, at: Date): Promise<boolean> => {
  const requeued = await db
    .with('requeued', (query) =>
      query.updateTable('webhook_delivery').set(dueAgain(at)).where('id', '=', id).returning('endpoint_id'),
    )
    .updateTable('webhook_endpoint')
    .from('requeued')
    .set(NOT_SUSPENDED)
    .whereRef('webhook_endpoint.id', '=', 'requeued.endpoint_id')
    .returning('webhook_endpoint.id')
    .executeTakeFirst();
  return requeued !== undefined;
};

/**
 * Restarts the schedule of the dead deliveries of a webhook, and ends its suspension. Returns their number; `undefined` when
 * the webhook does not exist. Wire protocol §5.
 */
export const requeueDeadDeliveries = async (
  db: Database,
  endpointId: number,
  at: Date,
): Promise<number | undefined> => {
  const { numUpdatedRows } = await db
    .updateTable('webhook_delivery')
    .set(dueAgain(at))
    .where('endpoint_id', '=', endpointId)
    .where('status', '=', 'dead')
    .executeTakeFirst();
  return (await resumeWebhook(db, endpointId)) ? Number(numUpdatedRows) : undefined;
};

/** Counts the deliveries in a state, of all accounts or of one. */
export const countDeliveries = async (
  db: Database,
  status: 'pending' | 'dead',
  accountId?: string,
): Promise<number> => {
  const query = db
    .selectFrom('webhook_delivery')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '=', status);
  const filtered =
    accountId === undefined
      ? query
      : query
          .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'endpoint_id')
          .where('account_id', '=', accountId);
  return (await filtered.executeTakeFirstOrThrow()).count;
};
