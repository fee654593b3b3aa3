import type { Database } from '../database/open-database.ts';
import type { WithdrawalRow } from './create-withdrawal.ts';

const LARGEST_BIGINT = 9_223_372_036_854_775_807n;

/** A withdrawal of this account, or `undefined`: another account's does not exist for it. Contract §4. */
export const findWithdrawal = async (
  db: Database,
  accountId: string,
  id: string,
): Promise<WithdrawalRow | undefined> => {
  // The grammar of ids allows more than the column holds.
  if (BigInt(id) > LARGEST_BIGINT) return undefined;
  return db
    .selectFrom('withdrawal')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id as unknown as number)
    .executeTakeFirst();
};
