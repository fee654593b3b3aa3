import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { StartError } from '../database/start-error.ts';
import { enableCurrency } from './currencies.ts';

/** The demo accounts. Their secrets are published, so only the sandbox may serve them. */
export const DEMO_ACCOUNTS = ['acct_demo', 'acct_demo_other'] as const;

export const isDemoAccount = (id: string): boolean => DEMO_ACCOUNTS.some((demo) => demo === id);

export const findAccountIds = async (db: Database): Promise<readonly string[]> => {
  const accounts = await db.selectFrom('account').select('id').orderBy('id').execute();
  return accounts.map(({ id }) => id);
};

/**
 * Prevents a gateway in service from accepting keys whose secrets are published.
 *
 * @throws Error when the database contains demo accounts.
 */
export const assertNoDemoAccounts = async (db: Database): Promise<void> => {
  const found = (await findAccountIds(db)).filter(isDemoAccount);
  if (found.length === 0) return;
  throw new StartError(
    'other_mode',
    `Expected a database without demo accounts: got ${found.join(', ')}, whose secrets are published. Fix: run npm run sandbox, or set DATABASE_URL or CPG_DATA_DIR to another database.`,
  );
};

/** Creates an account with every active currency. Returns false when the id is already in use. */
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

/** Lists the accounts by id, with their active keys and their webhooks. */
export const listAccounts = (db: Database) =>
  db
    .selectFrom('account')
    .select(['id', 'name'])
    .select(({ selectFrom }) => [
      selectFrom('api_key')
        .whereRef('account_id', '=', 'account.id')
        .where('revoked_at', 'is', null)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('keys'),
      selectFrom('webhook_endpoint')
        .whereRef('account_id', '=', 'account.id')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('webhooks'),
    ])
    .orderBy('id')
    .execute();

export const hasAccount = async (db: Database, id: string): Promise<boolean> =>
  (await db.selectFrom('account').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
