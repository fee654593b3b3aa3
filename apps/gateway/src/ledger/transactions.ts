import {
  type endpoints,
  type Transaction,
  toDecimal,
  upperCaseAscii,
  type ValidatedRequest,
} from '@cpg/protocol';
import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { isDatabaseId } from '../database/schema.ts';
import { formatOptionalTime, formatTime } from '../time.ts';
import type { LedgerServices } from './networks.ts';
import { getBlockHeights, getInclusion } from './networks.ts';

export type TransactionFilter = ValidatedRequest<typeof endpoints.listTransactions>['query'];

export interface TransactionPage {
  readonly data: Transaction[];
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

/** Lists one page of an account's transactions, newest first. Wire protocol §4.5. */
export const listTransactions = async (
  { db, clock }: LedgerServices,
  accountId: string,
  filter: TransactionFilter,
): Promise<TransactionPage> => {
  // One extra row shows whether there is another page.
  const rows = await selectRows(db, accountId, filter)
    .limit(filter.limit + 1)
    .execute();
  const shown = rows.slice(0, filter.limit);
  const heights = await getBlockHeights(db, clock.now());
  const hasMore = rows.length > shown.length;
  return {
    data: shown.map((row) => ({
      id: row.id,
      tx_hash: row.tx_hash,
      direction: row.direction,
      status: row.status,
      currency: row.currency,
      network: row.network,
      from_address: row.from_address,
      to_address: row.to_address,
      amount_decimal: toDecimal(row.amount).toFixed(row.decimals),
      ...getInclusion(row.block_number, heights.get(row.network) ?? 0),
      created_at: formatTime(row.created_at),
      confirmed_at: formatOptionalTime(row.confirmed_at),
    })),
    next_cursor: hasMore ? (shown.at(-1)?.id ?? null) : null,
    has_more: hasMore,
  };
};

const selectRows = (db: Database, accountId: string, filter: TransactionFilter) => {
  const { direction, currency, network, status, cursor } = filter;
  let query = db
    .selectFrom('chain_transaction')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'chain_transaction.currency')
        .onRef('currency.network', '=', 'chain_transaction.network'),
    )
    .selectAll('chain_transaction')
    .select('decimals')
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc');
  if (direction !== undefined) query = query.where('direction', '=', direction);
  if (currency !== undefined) query = query.where('currency.currency', '=', upperCaseAscii(currency));
  if (network !== undefined) query = query.where('currency.network', '=', upperCaseAscii(network));
  if (status !== undefined) query = query.where(sql<boolean>`status = ${status}`);
  // A cursor beyond the largest id filters nothing.
  if (cursor !== undefined && isDatabaseId(cursor))
    query = query.where('id', '<', sql<number>`${cursor}::bigint`);
  return query;
};
