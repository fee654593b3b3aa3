import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import { recordDepositEvent } from './deposits.ts';

/**
 * Takes a confirmed deposit back, once: its block is no longer part of the chain, and the payment in it was
 * replaced. The deposit and its sweep become `failed`, the balance is debited in full, and `deposit.reversed`
 * reports it. When the money was spent, `available` is negative afterwards: withdrawals are rejected until deposits
 * have made up for it, those in flight go on. Returns false when there is no such confirmed deposit. Wire protocol
 * §4.3, §5.
 */
export const reverseDeposit = (
  db: Database,
  { id, at }: { readonly id: number; readonly at: Date },
): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const deposit = await transaction
      .updateTable('chain_transaction')
      .set({ status: 'failed', block_number: null, confirmed_at: null })
      .where('id', '=', id)
      .where('direction', '=', 'deposit')
      .where('status', '=', 'confirmed')
      .returningAll()
      .executeTakeFirst();
    if (deposit === undefined) return false;
    const { account_id, currency, network, amount } = deposit;
    // What moved the money on does not exist on the chain either.
    await transaction
      .updateTable('chain_transaction')
      .set({ status: 'failed', block_number: null, confirmed_at: null })
      .where('swept_id', '=', id)
      .execute();
    await transaction
      .updateTable('balance')
      .set({
        balance: sql<string>`balance - ${amount}::numeric`,
        reversed: sql<string>`reversed + ${amount}::numeric`,
      })
      .where('account_id', '=', account_id)
      .where('currency', '=', currency)
      .where('network', '=', network)
      .execute();
    await transaction
      .insertInto('ledger_entry')
      .values({
        ...{ account_id, currency, network },
        kind: 'deposit_reversal',
        balance_delta: sql<string>`-(${amount}::numeric)`,
        held_delta: '0',
        withdrawal_id: null,
        deposit_id: id,
        created_at: at,
      })
      .execute();
    await recordDepositEvent(transaction, { deposit, event: 'deposit.reversed', at });
    return true;
  });
