import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import { moveBalance } from './move-balance.ts';
import { recordDepositEvent } from './record-deposit-event.ts';

export interface DepositSettlement {
  readonly id: number;
  readonly outcome: 'confirmed' | 'failed';
  readonly at: Date;
}

/** Credits a detected deposit, or gives it up, once. Returns false when it is final already. Contract §4.3. */
export const settleDeposit = (db: Database, { id, outcome, at }: DepositSettlement): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const isConfirmed = outcome === 'confirmed';
    const deposit = await transaction
      .updateTable('chain_transaction')
      .set({ status: outcome, confirmed_at: isConfirmed ? at : null })
      .where('id', '=', id)
      .where('direction', '=', 'deposit')
      .where('status', '=', 'detected')
      .returningAll()
      .executeTakeFirst();
    if (deposit === undefined) return false;
    // The contract has no event for a deposit that fails.
    if (!isConfirmed) return true;
    const { account_id, currency, network } = deposit;
    await transaction
      .insertInto('balance')
      .values({ account_id, currency, network, balance: '0', held: '0' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const isMoved = await moveBalance(transaction, {
      ...deposit,
      kind: 'deposit',
      balanceDelta: deposit.amount,
      heldDelta: '0',
      depositId: deposit.id,
      at,
    });
    if (!isMoved) throw new Error(`Ledger is inconsistent: deposit ${deposit.id} cannot be credited`);
    await recordDepositEvent(transaction, { deposit, event: 'deposit.confirmed', at });
    return true;
  });
