import { sql } from 'kysely';
import { isDatabaseId } from '../database/is-database-id.ts';
import type { Database } from '../database/open-database.ts';

/** Deposit requests with their address and currency. */
export const selectDepositRequests = (db: Database) =>
  db
    .selectFrom('deposit_request')
    .innerJoin('deposit_address', 'deposit_address.id', 'deposit_request.address_id')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'deposit_address.currency')
        .onRef('currency.network', '=', 'deposit_address.network'),
    )
    .select([
      'deposit_request.id',
      'deposit_request.display_expires_at',
      'deposit_request.created_at',
      'address',
      'user_identifier',
      'currency.currency',
      'currency.network',
      'contract_address',
      'decimals',
    ]);

export type DepositRequestRow = Awaited<
  ReturnType<ReturnType<typeof selectDepositRequests>['executeTakeFirstOrThrow']>
>;

/** A deposit request of this account, or `undefined`: another account's does not exist for it. Contract §4. */
export const findDepositRequest = async (
  db: Database,
  accountId: string,
  id: string,
): Promise<DepositRequestRow | undefined> =>
  isDatabaseId(id)
    ? selectDepositRequests(db)
        .where('deposit_request.account_id', '=', accountId)
        .where('deposit_request.id', '=', sql<number>`${id}::bigint`)
        .executeTakeFirst()
    : undefined;
