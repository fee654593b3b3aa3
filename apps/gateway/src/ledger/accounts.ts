import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { enableCurrency } from './currencies.ts';

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
