import type { Database } from '../database/open-database.ts';

export interface CurrencyName {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
}

/** An active currency with its network and what the account may do with it, however its name is spelt; or `undefined`. */
export const findCurrency = (db: Database, { accountId, currency, network }: CurrencyName) =>
  db
    .selectFrom('account_currency')
    .innerJoin('currency', (join) =>
      join
        .onRef('account_currency.currency', '=', 'currency.currency')
        .onRef('account_currency.network', '=', 'currency.network'),
    )
    .innerJoin('network', 'network.network', 'currency.network')
    .selectAll('currency')
    .select(['deposit_enabled', 'withdrawal_enabled', 'address_family'])
    .where('account_id', '=', accountId)
    .where('currency.currency', '=', currency.toUpperCase())
    .where('currency.network', '=', network.toUpperCase())
    .where('active', '=', true)
    .executeTakeFirst();

export type AccountCurrency = NonNullable<Awaited<ReturnType<typeof findCurrency>>>;
