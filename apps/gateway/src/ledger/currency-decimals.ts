import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';

/** The number of decimals that amounts of a currency are written with. */
export const currencyDecimals = async (
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
