import { toDecimal } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { moveBalance } from './move-balance.ts';

export interface Settlement {
  readonly id: number;
  readonly outcome: 'confirmed' | 'failed';
  readonly errorMessage: string | null;
  readonly at: Date;
}

/**
 * Brings a withdrawal that is in flight to its final state, once: confirmed debits amount and fee, failed releases the
 * hold. Returns false when it is final already, so any number of processes may try. Contract §4.6.
 */
export const settleWithdrawal = (db: Database, settlement: Settlement): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const row = await transaction
      .updateTable('withdrawal')
      .set({
        status: settlement.outcome,
        confirmed_at: settlement.outcome === 'confirmed' ? settlement.at : null,
        error_message: settlement.errorMessage,
        chain_paused: false,
      })
      .where('id', '=', settlement.id)
      .where('status', 'in', ['pending', 'broadcasted'])
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return false;
    const released = toDecimal(row.amount).plus(row.fee).negated().toFixed();
    const isMoved = await moveBalance(transaction, {
      ...row,
      kind: settlement.outcome === 'confirmed' ? 'withdrawal_confirm' : 'withdrawal_release',
      balanceDelta: settlement.outcome === 'confirmed' ? released : '0',
      heldDelta: released,
      withdrawalId: row.id,
      at: settlement.at,
    });
    if (!isMoved) throw new Error(`Ledger is inconsistent: the hold of withdrawal ${row.id} is gone`);
    return true;
  });
