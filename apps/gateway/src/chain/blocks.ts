import { sql } from 'kysely';
import type { LedgerServices } from '../ledger/networks.ts';
import { getBlockHeight } from '../ledger/networks.ts';

/** Refers to a deposit by its id, or to the transaction of a withdrawal by the id of the withdrawal. */
export interface TransactionReference {
  readonly direction: 'deposit' | 'withdrawal';
  readonly id: number;
}

const ID_COLUMN = { deposit: 'id', withdrawal: 'withdrawal_id' } as const;

const updateInFlight = async (
  { db, clock }: LedgerServices,
  { direction, id }: TransactionReference,
  block: (height: number, required: number) => ReturnType<typeof sql<number | null>>,
): Promise<boolean> => {
  for (const network of await db.selectFrom('network').selectAll().execute()) {
    const { numUpdatedRows } = await db
      .updateTable('chain_transaction')
      .set({ block_number: block(getBlockHeight(network, clock.now()), network.required_confirmations) })
      .where('direction', '=', direction)
      .where(ID_COLUMN[direction], '=', id)
      .where('network', '=', network.network)
      .where('status', 'in', ['detected', 'broadcasted'])
      .executeTakeFirst();
    if (numUpdatedRows > 0n) return true;
  }
  return false;
};

/** Moves a transaction to a block old enough to give it all its confirmations. */
export const addAllConfirmations = (
  services: LedgerServices,
  reference: TransactionReference,
): Promise<boolean> =>
  updateInFlight(
    services,
    reference,
    (height, required) => sql`LEAST(block_number, ${height - required + 1}::bigint)`,
  );

/** Removes a transaction from its future block: it will never be mined. */
export const unscheduleTransaction = (
  services: LedgerServices,
  reference: TransactionReference,
): Promise<boolean> =>
  updateInFlight(
    services,
    reference,
    (height) => sql`CASE WHEN block_number <= ${height}::bigint THEN block_number END`,
  );

/** Delays a transaction by a number of blocks. */
export const delayTransaction = (
  services: LedgerServices,
  reference: TransactionReference & { readonly blocks: number },
): Promise<boolean> =>
  updateInFlight(
    services,
    reference,
    (height) => sql`GREATEST(block_number, ${height + 1}::bigint) + ${reference.blocks}::bigint`,
  );

/** Mines extra blocks. Returns false when the network does not exist. */
export const mineBlocks = async (
  { db }: LedgerServices,
  { network, blocks }: { readonly network: string; readonly blocks: number },
): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('network')
    .set({ mined_ahead: sql`mined_ahead + ${blocks}::bigint` })
    .where('network', '=', network)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};
