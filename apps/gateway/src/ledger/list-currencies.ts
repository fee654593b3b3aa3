import { type Currency, toDecimal } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';

const AMOUNT_PLACES = 18;
const PERCENT_PLACES = 6;

/** What the account may deposit or withdraw, by currency then network. Contract §4.2. */
export const listCurrencies = async (db: Database, accountId: string): Promise<Currency[]> => {
  const rows = await db
    .selectFrom('account_currency')
    .innerJoin('currency', (join) =>
      join
        .onRef('account_currency.currency', '=', 'currency.currency')
        .onRef('account_currency.network', '=', 'currency.network'),
    )
    .selectAll('currency')
    .select(['deposit_enabled', 'withdrawal_enabled'])
    .where('account_id', '=', accountId)
    .where('active', '=', true)
    .where((either) =>
      either.or([either('deposit_enabled', '=', true), either('withdrawal_enabled', '=', true)]),
    )
    .orderBy('currency.currency')
    .orderBy('currency.network')
    .execute();
  return rows.map((row) => ({
    currency: row.currency,
    network: row.network,
    name: row.name,
    is_token: row.is_token,
    contract_address: row.contract_address,
    decimals: row.decimals,
    deposit_enabled: row.deposit_enabled,
    withdrawal_enabled: row.withdrawal_enabled,
    min_deposit_amount: toDecimal(row.min_deposit_amount).toFixed(AMOUNT_PLACES),
    min_withdrawal_amount: toDecimal(row.min_withdrawal_amount).toFixed(AMOUNT_PLACES),
    withdrawal_fee_flat: toDecimal(row.withdrawal_fee_flat).toFixed(AMOUNT_PLACES),
    withdrawal_fee_percent: toDecimal(row.withdrawal_fee_percent).toFixed(PERCENT_PLACES),
  }));
};
