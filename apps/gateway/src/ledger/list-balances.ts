import { type Balance, toDecimal } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';

export interface BalanceFilter {
  readonly currency?: string | undefined;
  readonly network?: string | undefined;
}

/** The balances of an account, by currency then network, each at its currency's own precision. Contract §4.1. */
export const listBalances = async (
  db: Database,
  accountId: string,
  filter: BalanceFilter,
): Promise<Balance[]> => {
  let query = db
    .selectFrom('balance')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'balance.currency')
        .onRef('currency.network', '=', 'balance.network'),
    )
    .select(['balance.currency', 'balance.network', 'balance', 'held', 'decimals'])
    .where('account_id', '=', accountId);
  if (filter.currency !== undefined)
    query = query.where('balance.currency', '=', filter.currency.toUpperCase());
  if (filter.network !== undefined) query = query.where('balance.network', '=', filter.network.toUpperCase());
  const rows = await query.orderBy('balance.currency').orderBy('balance.network').execute();
  return rows.map((row) => {
    const balance = toDecimal(row.balance);
    const held = toDecimal(row.held);
    return {
      currency: row.currency,
      network: row.network,
      balance: balance.toFixed(row.decimals),
      held: held.toFixed(row.decimals),
      available: balance.minus(held).toFixed(row.decimals),
    };
  });
};
