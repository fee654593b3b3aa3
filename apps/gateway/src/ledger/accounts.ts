import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { enableCurrency } from './enable-currency.ts';

/** The accounts of the sandbox. Their keys and secrets are published, so no other gateway may serve them. */
export const DEMO_ACCOUNTS = ['acct_demo', 'acct_demo_other'] as const;

export const isDemoAccount = (id: string): boolean => DEMO_ACCOUNTS.some((demo) => demo === id);

export const findAccountIds = async (db: Database): Promise<readonly string[]> => {
  const accounts = await db.selectFrom('account').select('id').orderBy('id').execute();
  return accounts.map(({ id }) => id);
};

/**
 * Keeps a gateway that is not the sandbox from serving keys whose secrets everybody knows.
 *
 * @throws when an earlier run of the sandbox has left its accounts in this database.
 */
export const assertNoDemoAccounts = async (db: Database): Promise<void> => {
  const found = (await findAccountIds(db)).filter(isDemoAccount);
  if (found.length === 0) return;
  throw new Error(
    `Expected a database without demo accounts: got ${found.join(', ')}, left by the sandbox; the secrets of their keys are published. Fix: start this database with npm run sandbox, or point DATABASE_URL or CPG_DATA_DIR to another one.`,
  );
};

/**
 * Keeps the sandbox away from real data: it can empty the database, and makes deposits out of nothing.
 *
 * @throws when the database has accounts, and none of them is the demo account.
 */
export const assertSandboxDatabase = async (db: Database): Promise<void> => {
  const ids = await findAccountIds(db);
  if (ids.length === 0 || ids.some(isDemoAccount)) return;
  throw new Error(
    `Expected an empty database, or one that the sandbox has filled: got accounts of a gateway in service (${ids[0]}). Fix: start this database with npm run gateway, or point DATABASE_URL or CPG_DATA_DIR to another one.`,
  );
};

/** Opens an account that may use every active currency. False when the id is taken. */
export const createAccount = async (
  transaction: Transaction<Schema>,
  account: { readonly id: string; readonly name: string },
): Promise<boolean> => {
  const created = await transaction
    .insertInto('account')
    .values(account)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (created === undefined) return false;
  const currencies = await transaction
    .selectFrom('currency')
    .select(['currency', 'network'])
    .where('active', '=', true)
    .execute();
  for (const currency of currencies)
    await enableCurrency(transaction, { accountId: account.id, ...currency });
  return true;
};
