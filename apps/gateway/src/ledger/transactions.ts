import { type endpoints, type Transaction, upperCaseAscii, type ValidatedRequest } from '@cpg/protocol';
import { CompiledQuery } from 'kysely';
import { isDatabaseId, MAX_BIGINT } from '../database/schema.ts';
import { formatOptionalTime, formatTime } from '../time.ts';
import type { ChainTransactionRow } from './deposits.ts';
import { getBlockHeight, getInclusion, type LedgerServices, type NetworkRow } from './networks.ts';

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
  const { rows } = await db.executeQuery(createPageQuery(accountId, filter));
  const shown = rows.slice(0, filter.limit);
  const hasMore = rows.length > shown.length;
  const now = clock.now();
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
      amount_decimal: row.amount_decimal,
      ...getInclusion(row.block_number, getBlockHeight(row, now)),
      created_at: formatTime(row.created_at),
      confirmed_at: formatOptionalTime(row.confirmed_at),
    })),
    next_cursor: hasMore ? (shown.at(-1)?.id ?? null) : null,
    has_more: hasMore,
  };
};

interface TransactionRow extends ChainTransactionRow, Pick<NetworkRow, 'block_interval_ms' | 'mined_ahead'> {
  readonly amount_decimal: string;
}

const formatQuery = (page: string): string => `
  SELECT transaction.*, round(amount, decimals)::text AS amount_decimal, block_interval_ms, mined_ahead
  FROM (${page}) AS page
  JOIN chain_transaction transaction ON transaction.id = page.id
  JOIN currency ON currency.currency = transaction.currency AND currency.network = transaction.network
  JOIN network ON network.network = transaction.network
  ORDER BY page.id DESC`;

// $1 account, $2 cursor, $3 rows
const LIST_ALL = formatQuery(`
  SELECT id FROM chain_transaction WHERE account_id = $1 AND id < $2::bigint ORDER BY id DESC LIMIT $3`);

// $4 currency, $5 network, $6 directions, $7 statuses. Each kind of transaction is a range of chain_transaction_kind, which is read
// from its newest row on: the cost grows with the number of kinds and the page, not with the transactions.
const LIST_FILTERED = formatQuery(`
  SELECT newest.id
  FROM (SELECT currency, network FROM currency
    WHERE ($4::text IS NULL OR currency = $4) AND ($5::text IS NULL OR network = $5)) AS kind
  CROSS JOIN unnest($6::text[]) AS direction
  CROSS JOIN unnest($7::text[]) AS status
  CROSS JOIN LATERAL (
    SELECT id FROM chain_transaction found
    WHERE found.account_id = $1 AND found.direction = direction.direction AND found.status = status.status
      AND found.currency = kind.currency AND found.network = kind.network AND -found.id > -($2::bigint)
    ORDER BY -found.id LIMIT $3) AS newest
  ORDER BY newest.id DESC LIMIT $3`);

const DIRECTIONS: readonly ChainTransactionRow['direction'][] = [
  'deposit',
  'withdrawal',
  'sweep',
  'gas_topup',
];
const STATUSES: readonly ChainTransactionRow['status'][] = ['detected', 'broadcasted', 'confirmed', 'failed'];

/** The statement of a page, with one row more. */
export const createPageQuery = (
  accountId: string,
  { direction, currency, network, status, cursor, limit }: TransactionFilter,
): CompiledQuery<TransactionRow> => {
  // A cursor beyond the largest id filters nothing. One extra row shows whether there is another page.
  const before = cursor !== undefined && isDatabaseId(cursor) ? cursor : String(MAX_BIGINT);
  const page = [accountId, before, limit + 1];
  const isFiltered = [direction, currency, network, status].some((value) => value !== undefined);
  if (!isFiltered) return CompiledQuery.raw(LIST_ALL, page) as CompiledQuery<TransactionRow>;
  return CompiledQuery.raw(LIST_FILTERED, [
    ...page,
    currency === undefined ? null : upperCaseAscii(currency),
    network === undefined ? null : upperCaseAscii(network),
    direction === undefined ? DIRECTIONS : [direction],
    status === undefined ? STATUSES : [status],
  ]) as CompiledQuery<TransactionRow>;
};
