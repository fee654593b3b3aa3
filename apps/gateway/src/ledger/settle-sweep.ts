import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import { recordDepositEvent } from './record-deposit-event.ts';

/** Ends a sweep that is under way, once, and tells of the deposit that it moved to the hot wallet. */
export const settleSweep = (db: Database, id: number, at: Date): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const sweep = await transaction
      .updateTable('chain_transaction')
      .set({ status: 'confirmed', confirmed_at: at })
      .where('id', '=', id)
      .where('direction', '=', 'sweep')
      .where('status', '=', 'broadcasted')
      .returning('swept_id')
      .executeTakeFirst();
    if (sweep === undefined) return false;
    const deposit = await transaction
      .selectFrom('chain_transaction')
      .selectAll()
      .where('id', '=', sql<number>`${sweep.swept_id}::bigint`)
      .executeTakeFirstOrThrow();
    await recordDepositEvent(transaction, { deposit, event: 'deposit.swept', at });
    return true;
  });
