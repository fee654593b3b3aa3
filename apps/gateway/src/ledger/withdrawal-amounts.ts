import { toDecimal } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import type { WithdrawalRow } from './create-withdrawal.ts';
import { currencyDecimals } from './currency-decimals.ts';

/** Amount and fee of a withdrawal as they are told: at the currency's own precision. Contract §3. */
export const withdrawalAmounts = async (
  db: Database,
  row: WithdrawalRow,
): Promise<{ readonly amount: string; readonly fee: string }> => {
  const decimals = await currencyDecimals(db, row);
  return { amount: toDecimal(row.amount).toFixed(decimals), fee: toDecimal(row.fee).toFixed(decimals) };
};
