import {
  type Currency,
  type HotWallet,
  REJECTIONS,
  type Rejection,
  toDecimal,
  upperCaseAscii,
} from '@cpg/protocol';
import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import { type Database, runStatement } from '../database/open-database.ts';
import type { CurrencyTable, NetworkTable, Schema } from '../database/schema.ts';
import { createRandomAddress } from './addresses.ts';
import { findNetwork, type NetworkRow } from './networks.ts';

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

/** The currencies of a new gateway. */
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

/** The networks of a new gateway. The configuration sets the block interval at start. */
const DEFAULT_NETWORKS: readonly Insertable<NetworkTable>[] = [
  { network: 'ETH', address_family: 'ethereum', required_confirmations: 12, block_interval_ms: 250 },
  { network: 'TRX', address_family: 'tron', required_confirmations: 19, block_interval_ms: 157 },
  { network: 'BTC', address_family: 'bitcoin', required_confirmations: 2, block_interval_ms: 1500 },
];

/** Writes the default networks and currencies into a database without currencies. */
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

export interface CurrencyName {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
}

/** An active currency of an account with its network. */
export interface AccountCurrency extends CurrencyRow {
  readonly deposit_enabled: boolean;
  readonly withdrawal_enabled: boolean;
  readonly address_family: NetworkRow['address_family'];
  readonly block_interval_ms: number;
  readonly mined_ahead: number;
  /** Addresses that funds must not be sent to: they would reach no recipient. */
  readonly reserved_addresses: readonly string[];
  /** Whether the account has a withdrawal with the reference that was asked for. */
  readonly has_reference: boolean;
}

type CurrencyRow = Selectable<CurrencyTable>;

// The contract of a token, or the wallet that funds come from, is reserved.
const FIND_CURRENCY = `
  SELECT currency.*, deposit_enabled, withdrawal_enabled, address_family, block_interval_ms, mined_ahead,
    ARRAY(
      SELECT other.contract_address FROM currency other
      WHERE other.network = currency.network AND other.contract_address IS NOT NULL
      UNION ALL
      SELECT address FROM hot_wallet WHERE account_id = $1 AND hot_wallet.network = currency.network
    ) AS reserved_addresses,
    EXISTS (SELECT FROM withdrawal WHERE account_id = $1 AND client_reference = $4) AS has_reference
  FROM account_currency
  JOIN currency ON currency.currency = account_currency.currency AND currency.network = account_currency.network
  JOIN network ON network.network = currency.network
  WHERE account_id = $1 AND currency.currency = $2 AND currency.network = $3 AND active`;

/**
 * Finds an active currency of an account, ignoring the case of ASCII letters, with its network, the account's
 * permissions for it, and the addresses that it must not be sent to. Also tells whether a withdrawal with a
 * `clientReference` exists, which saves the withdrawal a round trip.
 */
export const findCurrency = async (
  db: Database,
  {
    accountId,
    currency,
    network,
    clientReference = null,
  }: CurrencyName & { clientReference?: string | null },
): Promise<AccountCurrency | undefined> => {
  const names = [upperCaseAscii(currency), upperCaseAscii(network)];
  const values = [accountId, ...names, clientReference];
  return (await runStatement<AccountCurrency>(db, FIND_CURRENCY, values))[0];
};

/** The number of decimals of a currency's amounts. */
export const getCurrencyDecimals = async (
  db: Database | Transaction<Schema>,
  { currency, network }: { readonly currency: string; readonly network: string },
): Promise<number> => {
  const row = await db
    .selectFrom('currency')
    .select('decimals')
    .where('currency', '=', currency)
    .where('network', '=', network)
    .executeTakeFirstOrThrow();
  return row.decimals;
};

const AMOUNT_PLACES = 18;
const PERCENT_PLACES = 6;

/** Lists the currencies an account can deposit or withdraw, by currency, then network. Wire protocol §4.2. */
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

/**
 * Enables deposits and withdrawals of a currency for an account, and allocates the account's hot wallet on
 * its network. Wire protocol §4.4.
 */
export const enableCurrency = async (
  transaction: Transaction<Schema>,
  { accountId, currency, network }: CurrencyName,
): Promise<void> => {
  const found = await findNetwork(transaction, network);
  if (found === undefined) throw new Error(`Unknown network ${network}`);
  const where = { account_id: accountId, currency, network };
  await transaction
    .insertInto('account_currency')
    .values({ ...where, deposit_enabled: true, withdrawal_enabled: true })
    .execute();
  await transaction
    .insertInto('balance')
    .values({ ...where, balance: '0', held: '0' })
    .execute();
  await transaction
    .insertInto('hot_wallet')
    .values({ account_id: accountId, network, address: createRandomAddress(found.address_family) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
};

/** Finds the hot wallet of an account on a network, ignoring case. Wire protocol §4.4. */
export const findHotWallet = async (
  db: Database,
  accountId: string,
  name: string,
): Promise<HotWallet | Rejection> => {
  const network = upperCaseAscii(name);
  if ((await findNetwork(db, network)) === undefined) return REJECTIONS.network_not_found;
  const wallet = await db
    .selectFrom('hot_wallet')
    .select(['network', 'address'])
    .where('account_id', '=', accountId)
    .where('network', '=', network)
    .executeTakeFirst();
  return wallet ?? REJECTIONS.hot_wallet_not_allocated;
};

/** What an operator sets for all accounts. */
export type CurrencyTerms = Partial<
  Pick<
    CurrencyTable,
    | 'active'
    | 'min_deposit_amount'
    | 'min_withdrawal_amount'
    | 'withdrawal_fee_flat'
    | 'withdrawal_fee_percent'
  >
>;

export interface CurrencyId {
  readonly currency: string;
  readonly network: string;
}

export const hasCurrency = async (db: Database, { currency, network }: CurrencyId): Promise<boolean> => {
  const row = await db
    .selectFrom('currency')
    .select('currency')
    .where('currency', '=', currency)
    .where('network', '=', network)
    .executeTakeFirst();
  return row !== undefined;
};

/** Changes the terms of a currency. Returns false when it does not exist. */
export const changeCurrency = async (
  db: Database,
  id: CurrencyId,
  terms: CurrencyTerms,
): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('currency')
    .set(terms)
    .where('currency', '=', id.currency)
    .where('network', '=', id.network)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

/** Lets an account use a currency, or not; its balance stays as it is. The caller checks that both exist. */
export const setCurrencyAccess = async (
  transaction: Transaction<Schema>,
  { accountId, currency: name, network }: CurrencyName,
  access: { readonly deposit_enabled: boolean; readonly withdrawal_enabled: boolean },
): Promise<void> => {
  const known = await transaction
    .selectFrom('account_currency')
    .select('account_id')
    .where('account_id', '=', accountId)
    .where('currency', '=', name)
    .where('network', '=', network)
    .executeTakeFirst();
  if (known === undefined) await enableCurrency(transaction, { accountId, currency: name, network });
  await transaction
    .updateTable('account_currency')
    .set(access)
    .where('account_id', '=', accountId)
    .where('currency', '=', name)
    .where('network', '=', network)
    .execute();
};

/** Lists every currency, also those that are off. */
export const listAllCurrencies = (db: Database) =>
  db.selectFrom('currency').selectAll().orderBy('currency').orderBy('network').execute();
