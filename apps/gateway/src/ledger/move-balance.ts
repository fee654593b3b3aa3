import { type Selectable, sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { LedgerEntryTable } from '../database/tables/ledger-tables.ts';

export interface LedgerMove {
  readonly account_id: string;
  readonly currency: string;
  readonly network: string;
  readonly kind: Selectable<LedgerEntryTable>['kind'];
  readonly balanceDelta: string;
  readonly heldDelta: string;
  readonly withdrawalId?: number;
  readonly depositId?: number;
  readonly at: Date;
}

/**
 * Moves one balance and appends the entry that says why, in the caller's transaction. Returns false, and changes nothing,
 * when there is no such balance or `available` would fall below zero: the condition is part of the one UPDATE, so no
 * interleaving can overspend.
 */
export const moveBalance = async (transaction: Transaction<Schema>, move: LedgerMove): Promise<boolean> => {
  const balance = sql<string>`balance + ${move.balanceDelta}::numeric`;
  const held = sql<string>`held + ${move.heldDelta}::numeric`;
  const { numUpdatedRows } = await transaction
    .updateTable('balance')
    .set({ balance, held })
    .where('account_id', '=', move.account_id)
    .where('currency', '=', move.currency)
    .where('network', '=', move.network)
    .where(sql<boolean>`${balance} >= ${held}`)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await transaction
    .insertInto('ledger_entry')
    .values({
      account_id: move.account_id,
      currency: move.currency,
      network: move.network,
      kind: move.kind,
      balance_delta: move.balanceDelta,
      held_delta: move.heldDelta,
      withdrawal_id: move.withdrawalId ?? null,
      deposit_id: move.depositId ?? null,
      created_at: move.at,
    })
    .execute();
  return true;
};
