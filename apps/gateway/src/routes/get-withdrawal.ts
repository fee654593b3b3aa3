import { endpoints, REJECTIONS } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { findWithdrawal } from '../ledger/find-withdrawal.ts';
import { formatOptionalTime, formatTime } from '../ledger/format-time.ts';
import { withdrawalAmounts } from '../ledger/withdrawal-amounts.ts';
import { ledgerRoute } from './ledger-route.ts';

export const getWithdrawalRoute = (db: Database) =>
  ledgerRoute(endpoints.getWithdrawal, async ({ cpg, pathParameters }) => {
    const row = await findWithdrawal(db, cpg.accountId, pathParameters.withdrawal_id);
    if (row === undefined) return REJECTIONS.not_found;
    const { amount, fee } = await withdrawalAmounts(db, row);
    return {
      id: row.id,
      currency: row.currency,
      network: row.network,
      to_address: row.to_address,
      amount,
      fee,
      status: row.status,
      tx_hash: row.tx_hash,
      error_message: row.error_message,
      requested_at: formatTime(row.requested_at),
      broadcast_at: formatOptionalTime(row.broadcast_at),
      confirmed_at: formatOptionalTime(row.confirmed_at),
    };
  });
