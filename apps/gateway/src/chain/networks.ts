import type { Selectable, Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import type { NetworkTable } from '../database/tables/currency-tables.ts';

export type NetworkRow = Selectable<NetworkTable>;

/** The number of the newest block. A function of the time, so that an idle chain writes nothing and processes agree. */
export const blockHeight = (network: NetworkRow, nowMs: number): number =>
  Math.floor(nowMs / network.block_interval_ms) + network.mined_ahead;

/** What the chain shows of a transaction: its block once that is mined, and the blocks from there on. */
export const inclusion = (blockNumber: number | null, height: number) =>
  blockNumber === null || blockNumber > height
    ? { block_number: null, confirmations: 0 }
    : { block_number: blockNumber, confirmations: height - blockNumber + 1 };

export const findNetwork = (
  db: Database | Transaction<Schema>,
  network: string,
): Promise<NetworkRow | undefined> =>
  db.selectFrom('network').selectAll().where('network', '=', network).executeTakeFirst();

/** The height of each network now, by name. */
export const readHeights = async (db: Database, nowMs: number): Promise<ReadonlyMap<string, number>> => {
  const networks = await db.selectFrom('network').selectAll().execute();
  return new Map(networks.map((network) => [network.network, blockHeight(network, nowMs)]));
};
