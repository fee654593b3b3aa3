import type { Database } from '../database/open-database.ts';

/** Ends a gas top-up that is under way, once. Nobody's balance moves, and the contract has no event for it. */
export const settleGasTopUp = async (db: Database, id: number, at: Date): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('chain_transaction')
    .set({ status: 'confirmed', confirmed_at: at })
    .where('id', '=', id)
    .where('direction', '=', 'gas_topup')
    .where('status', '=', 'broadcasted')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};
