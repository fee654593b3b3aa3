import { toDecimal } from '@cpg/protocol';
import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import type { WithdrawalRow } from './create-withdrawal.ts';
import { moveBalance } from './move-balance.ts';
import { recordWithdrawalEvent } from './record-withdrawal-event.ts';

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
  inTransaction(db, async (transaction) => {
    const isConfirmed = settlement.outcome === 'confirmed';
    const confirmed_at = isConfirmed ? settlement.at : null;
    const row = await transaction
      .updateTable('withdrawal')
      .set({
        status: settlement.outcome,
        confirmed_at,
        error_message: settlement.errorMessage,
        chain_paused: false,
      })
      .where('id', '=', settlement.id)
      .where('status', 'in', ['pending', 'broadcasted'])
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return false;
    await transaction
      .updateTable('chain_transaction')
      .set({ status: settlement.outcome, confirmed_at })
      .where('withdrawal_id', '=', row.id)
      .execute();
    await releaseHold(transaction, row, settlement.at);
    await recordWithdrawalEvent(transaction, row, settlement.at);
    return true;
  });

const releaseHold = async (transaction: Transaction<Schema>, row: WithdrawalRow, at: Date): Promise<void> => {
  const released = toDecimal(row.amount).plus(row.fee).negated().toFixed();
  const isMoved = await moveBalance(transaction, {
    ...row,
    kind: row.status === 'confirmed' ? 'withdrawal_confirm' : 'withdrawal_release',
    balanceDelta: row.status === 'confirmed' ? released : '0',
    heldDelta: released,
    withdrawalId: row.id,
    at,
  });
  if (!isMoved) throw new Error(`Ledger is inconsistent: the hold of withdrawal ${row.id} is gone`);
};
