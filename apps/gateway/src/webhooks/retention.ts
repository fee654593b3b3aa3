import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';

// Rows are locked for one batch, a few milliseconds.
const BATCH_SIZE = 500;

/**
 * Deletes the events from before a time, with their deliveries and attempts, oldest first and in batches. An event
 * with a pending delivery stays. Safe in several processes at once: each leaves out what another one deletes.
 *
 * @returns The number of deleted events.
 */
export const deleteOldEvents = async (db: Database, before: Date, signal?: AbortSignal): Promise<number> => {
  let deleted = 0;
  let cursor: number | undefined = 0;
  while (cursor !== undefined && !signal?.aborted) {
    const batch: Batch = await deleteBatch(db, before, cursor);
    deleted += batch.deleted;
    cursor = batch.next;
  }
  return deleted;
};

interface Batch {
  readonly deleted: number;
  /** The last id that was looked at; `undefined` when the rest is newer. */
  readonly next: number | undefined;
}

const deleteBatch = (db: Database, before: Date, cursor: number): Promise<Batch> =>
  inTransaction(db, async (transaction) => {
    // Ids grow with time: the scan of the index ends at the first batch without an old event.
    const { rows: oldest } = await sql<{ id: number; is_old: boolean }>`
      SELECT id, created_at < ${before} AS is_old FROM webhook_event
      WHERE id > ${cursor} ORDER BY id LIMIT ${BATCH_SIZE}`.execute(transaction);
    const old = oldest.filter(({ is_old }) => is_old).map(({ id }) => id);
    if (old.length === 0) return { deleted: 0, next: undefined };
    const { rows } = await sql<{ id: number }>`
      SELECT id FROM webhook_event e WHERE id = ANY (${old}::bigint[])
        AND NOT EXISTS (SELECT FROM webhook_delivery WHERE event_id = e.id AND status = 'pending')
      FOR UPDATE SKIP LOCKED`.execute(transaction);
    const ids = rows.map(({ id }) => id);
    // Attempts go with their delivery. One that was requeued meanwhile keeps its event.
    await sql`DELETE FROM webhook_delivery
      WHERE event_id = ANY (${ids}::bigint[]) AND status <> 'pending'`.execute(transaction);
    const { numAffectedRows = 0n } = await sql`
      DELETE FROM webhook_event e WHERE id = ANY (${ids}::bigint[])
        AND NOT EXISTS (SELECT FROM webhook_delivery WHERE event_id = e.id)`.execute(transaction);
    return { deleted: Number(numAffectedRows), next: oldest.at(-1)?.id };
  });
