import { type DepositTransaction, toDecimal } from '@cpg/protocol';
import type { ChainServices } from '../chain/broadcast-withdrawal.ts';
import { inclusion, readHeights } from '../chain/networks.ts';
import type { DepositRequestRow } from './find-deposit-request.ts';
import { formatOptionalTime, formatTime } from './format-time.ts';

/** What was paid to a deposit request, oldest first. Contract §4.3. */
export const listDepositTransactions = async (
  { db, clock }: ChainServices,
  request: DepositRequestRow,
): Promise<DepositTransaction[]> => {
  const rows = await db
    .selectFrom('chain_transaction')
    .selectAll()
    .where('deposit_request_id', '=', request.id)
    .orderBy('id')
    .execute();
  const height = (await readHeights(db, clock.now())).get(request.network) ?? 0;
  return rows.map((row) => ({
    tx_hash: row.tx_hash,
    amount_decimal: toDecimal(row.amount).toFixed(request.decimals),
    status: row.status,
    ...inclusion(row.block_number, height),
    detected_at: formatTime(row.created_at),
    confirmed_at: formatOptionalTime(row.confirmed_at),
  }));
};
