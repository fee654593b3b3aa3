import type { Selectable, Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { NetworkTable, Schema } from '../database/schema.ts';
import type { Clock } from '../time.ts';

export interface LedgerServices {
  readonly db: Database;
  readonly clock: Clock;
}

export type NetworkRow = Selectable<NetworkTable>;

/**
 * The newest block number. Derived from the time, so an idle chain writes nothing and all processes agree.
 */
export const getBlockHeight = (
  network: Pick<NetworkRow, 'block_interval_ms' | 'mined_ahead'>,
  nowMs: number,
): number => Math.floor(nowMs / network.block_interval_ms) + network.mined_ahead;

/** The block and the confirmations of a transaction; none until its block is mined. */
export const getInclusion = (blockNumber: number | null, height: number) =>
  blockNumber === null || blockNumber > height
    ? { block_number: null, confirmations: 0 }
    : { block_number: blockNumber, confirmations: height - blockNumber + 1 };

export const findNetwork = (
  db: Database | Transaction<Schema>,
  network: string,
): Promise<NetworkRow | undefined> =>
  db.selectFrom('network').selectAll().where('network', '=', network).executeTakeFirst();

/** The current block height of each network, by name. */
export const getBlockHeights = async (db: Database, nowMs: number): Promise<ReadonlyMap<string, number>> => {
  const networks = await db.selectFrom('network').selectAll().execute();
  return new Map(networks.map((network) => [network.network, getBlockHeight(network, nowMs)]));
};

/**
 * Sets the block interval of each network so that a transaction is final after `settleSeconds`. Heights do
 * not change.
 */
export const setBlockIntervals = async (
  db: Database,
  settleSeconds: number,
  nowMs: number,
): Promise<void> => {
  for (const network of await db.selectFrom('network').selectAll().execute()) {
    const interval = Math.max(1, Math.floor((settleSeconds * 1000) / network.required_confirmations));
    if (interval === network.block_interval_ms) continue;
    await db
      .updateTable('network')
      .set({
        block_interval_ms: interval,
        mined_ahead: getBlockHeight(network, nowMs) - Math.floor(nowMs / interval),
      })
      .where('network', '=', network.network)
      // Of several processes that start at once, one applies the change.
      .where('block_interval_ms', '=', network.block_interval_ms)
      .execute();
  }
};
