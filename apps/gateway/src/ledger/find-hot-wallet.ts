import { type HotWallet, REJECTIONS, type Rejection } from '@cpg/protocol';
import { findNetwork } from '../chain/networks.ts';
import type { Database } from '../database/open-database.ts';

/** The wallet that funds an account's withdrawals on a network, however that is spelt. Contract §4.4. */
export const findHotWallet = async (
  db: Database,
  accountId: string,
  name: string,
): Promise<HotWallet | Rejection> => {
  const network = name.toUpperCase();
  if ((await findNetwork(db, network)) === undefined) return REJECTIONS.network_not_found;
  const wallet = await db
    .selectFrom('hot_wallet')
    .select(['network', 'address'])
    .where('account_id', '=', accountId)
    .where('network', '=', network)
    .executeTakeFirst();
  return wallet ?? REJECTIONS.hot_wallet_not_allocated;
};
