import type { Transaction } from 'kysely';
import { findNetwork } from '../chain/networks.ts';
import { randomAddress } from '../chain/random-address.ts';
import type { Schema } from '../database/schema.ts';
import type { CurrencyName } from './find-currency.ts';

/** Lets an account deposit and withdraw a currency. The first one of a network brings the hot wallet. Contract §4.4. */
export const enableCurrency = async (
  transaction: Transaction<Schema>,
  { accountId, currency, network }: CurrencyName,
): Promise<void> => {
  const found = await findNetwork(transaction, network);
  if (found === undefined) throw new Error(`There is no network ${network}`);
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
    .values({ account_id: accountId, network, address: randomAddress(found.address_family) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
};
