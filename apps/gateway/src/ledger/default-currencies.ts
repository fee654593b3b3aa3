import type { Insertable, Kysely } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { CurrencyTable, NetworkTable } from '../database/tables/currency-tables.ts';

const currency = (
  basics: Pick<CurrencyTable, 'currency' | 'network' | 'name' | 'decimals'>,
  terms: Pick<CurrencyTable, 'min_withdrawal_amount' | 'withdrawal_fee_flat' | 'withdrawal_fee_percent'>,
  contract: string | null = null,
): CurrencyTable => ({
  ...basics,
  ...terms,
  is_token: contract !== null,
  contract_address: contract,
  active: true,
  min_deposit_amount: '0',
});

/** What every gateway offers from its first start on. */
const DEFAULT_CURRENCIES: readonly CurrencyTable[] = [
  currency(
    { currency: 'USDT', network: 'ETH', name: 'Tether USD', decimals: 6 },
    { min_withdrawal_amount: '10', withdrawal_fee_flat: '5', withdrawal_fee_percent: '0' },
    '0xdAC17F958D2ee523a2206206994597C13D831ec7',
  ),
  currency(
    { currency: 'USDT', network: 'TRX', name: 'Tether USD', decimals: 6 },
    { min_withdrawal_amount: '10', withdrawal_fee_flat: '1', withdrawal_fee_percent: '0' },
    'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
  ),
  currency(
    { currency: 'ETH', network: 'ETH', name: 'Ether', decimals: 18 },
    { min_withdrawal_amount: '0.0001', withdrawal_fee_flat: '0.00001', withdrawal_fee_percent: '0.5' },
  ),
  currency(
    { currency: 'BTC', network: 'BTC', name: 'Bitcoin', decimals: 8 },
    { min_withdrawal_amount: '0.001', withdrawal_fee_flat: '0.0001', withdrawal_fee_percent: '1' },
  ),
];

/** Their networks; the pace of the blocks follows from the configuration. */
const DEFAULT_NETWORKS: readonly Insertable<NetworkTable>[] = [
  { network: 'ETH', address_family: 'ethereum', required_confirmations: 12, block_interval_ms: 250 },
  { network: 'TRX', address_family: 'tron', required_confirmations: 19, block_interval_ms: 157 },
  { network: 'BTC', address_family: 'bitcoin', required_confirmations: 2, block_interval_ms: 1500 },
];

/** Writes the default networks and currencies into a database that has none; what an operator has changed stays. */
export const seedCurrencies = async (db: Kysely<Schema>): Promise<void> => {
  const known = await db.selectFrom('currency').select('currency').limit(1).executeTakeFirst();
  if (known !== undefined) return;
  await db
    .insertInto('network')
    .values([...DEFAULT_NETWORKS])
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('currency')
    .values([...DEFAULT_CURRENCIES])
    .onConflict((conflict) => conflict.doNothing())
    .execute();
};
