import type { WebhookEventName } from '@cpg/protocol';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { formatEventTime } from '../time.ts';

/** The events of wire protocol §5, with the one that this gateway adds. */
export type GatewayEventName = WebhookEventName | 'deposit.reversed';

export interface NewEvent {
  readonly accountId: string;
  readonly event: GatewayEventName;
  readonly data: object;
  readonly at: Date;
}

const API_VERSION = '1';

/** The exact body of an event. Wire protocol §5. */
export const formatEventBody = (
  id: number | string,
  { event, at, data }: Omit<NewEvent, 'accountId'>,
): string => JSON.stringify({ id, event, created_at: formatEventTime(at), api_version: API_VERSION, data });

/**
 * Writes an event and its deliveries in the caller's transaction: the event exists if and only if the change
 * it reports was committed. Wire protocol §5.
 */
export const recordEvent = (transaction: Transaction<Schema>, event: NewEvent): Promise<void> =>
  writeEvent(
    transaction,
    event,
    sql`account_id = ${event.accountId} AND (events IS NULL OR ${event.event} = ANY(events))`,
  );

/** Writes an event for one webhook, whichever events it gets otherwise. */
export const recordTestEvent = (
  transaction: Transaction<Schema>,
  event: NewEvent,
  endpointId: number,
): Promise<void> => writeEvent(transaction, event, sql`id = ${endpointId}`);

const writeEvent = async (
  transaction: Transaction<Schema>,
  event: NewEvent,
  receivers: RawBuilder<unknown>,
): Promise<void> => {
  const { rows } = await sql<{
    id: number;
  }>`SELECT nextval(pg_get_serial_sequence('webhook_event', 'id')) AS id`.execute(transaction);
  const id = rows[0]?.id as number;
  const body = formatEventBody(id, event);
  await transaction
    .insertInto('webhook_event')
    .values({ id, account_id: event.accountId, event: event.event, body, created_at: event.at })
    .execute();
  await transaction
    .insertInto('webhook_delivery')
    .columns(['event_id', 'endpoint_id', 'status', 'next_attempt_at'])
    .expression((builder) =>
      builder
        .selectFrom('webhook_endpoint')
        .select([
          sql<number>`${id}::bigint`.as('event_id'),
          'id',
          sql<'pending'>`'pending'`.as('status'),
          sql<Date>`${event.at}::timestamptz`.as('next_attempt_at'),
        ])
        .where(sql<boolean>`${receivers}`),
    )
    .execute();
};
