import type { Database } from '../database/open-database.ts';
import { blockHeight } from './networks.ts';

/** Sets the pace of each network so that a transaction is final after `settleSeconds`; the height of now stays. */
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
        mined_ahead: blockHeight(network, nowMs) - Math.floor(nowMs / interval),
      })
      .where('network', '=', network.network)
      // Of several processes that start at once, one changes it.
      .where('block_interval_ms', '=', network.block_interval_ms)
      .execute();
  }
};
