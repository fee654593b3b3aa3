import { sql } from 'kysely';
import { isDatabaseId } from '../database/is-database-id.ts';
import type { Database } from '../database/open-database.ts';
import type { WithdrawalRow } from './create-withdrawal.ts';

/** A withdrawal of this account, or `undefined`: another account's does not exist for it. Contract §4. */
export const findWithdrawal = async (
  db: Database,
  accountId: string,
  id: string,
): Promise<WithdrawalRow | undefined> => {
  if (!isDatabaseId(id)) return undefined;
  return db
    .selectFrom('withdrawal')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', sql<number>`${id}::bigint`)
    .executeTakeFirst();
};
