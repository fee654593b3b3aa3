import { toDecimal } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';

/** The newest withdrawals of an account, for its eyes; the API has no such list. */
export const listWithdrawals = async (db: Database, accountId: string, limit: number) => {
  const rows = await db
    .selectFrom('withdrawal')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'withdrawal.currency')
        .onRef('currency.network', '=', 'withdrawal.network'),
    )
    .select(['id', 'withdrawal.currency', 'withdrawal.network', 'to_address', 'amount', 'decimals'])
    .select(['status', 'error_message'])
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ decimals, amount, ...row }) => ({
    ...row,
    amount: toDecimal(amount).toFixed(decimals),
  }));
};
