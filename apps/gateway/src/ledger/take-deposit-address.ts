import type { Selectable, Transaction } from 'kysely';
import { randomAddress } from '../chain/random-address.ts';
import type { Schema } from '../database/schema.ts';
import type { DepositAddressTable } from '../database/tables/deposit-tables.ts';
import type { AccountCurrency } from './find-currency.ts';

export type DepositAddressRow = Selectable<DepositAddressTable>;

export interface AddressOrder {
  readonly accountId: string;
  readonly currency: AccountCurrency;
  readonly userIdentifier: string | null;
  readonly at: Date;
  /** Until when a recyclable address is kept for this request. */
  readonly freeAt: Date;
}

/** The address for a deposit request: the user's own one, or a recyclable one that no earlier request still needs. Contract §4.3. */
export const takeDepositAddress = async (
  transaction: Transaction<Schema>,
  order: AddressOrder,
): Promise<DepositAddressRow> =>
  (order.userIdentifier === null
    ? await recycle(transaction, order)
    : await findSticky(transaction, order)) ?? (await allocate(transaction, order));

const ofCurrency = (transaction: Transaction<Schema>, { accountId, currency }: AddressOrder) =>
  transaction
    .selectFrom('deposit_address')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('currency', '=', currency.currency)
    .where('network', '=', currency.network);

const findSticky = (transaction: Transaction<Schema>, order: AddressOrder) =>
  ofCurrency(transaction, order).where('user_identifier', '=', order.userIdentifier).executeTakeFirst();

const recycle = async (transaction: Transaction<Schema>, order: AddressOrder) => {
  const free = await ofCurrency(transaction, order)
    .where('free_at', '<=', order.at)
    .orderBy('free_at')
    .limit(1)
    .forUpdate()
    // A request that comes at the same moment takes the next one.
    .skipLocked()
    .executeTakeFirst();
  if (free === undefined) return undefined;
  await transaction
    .updateTable('deposit_address')
    .set({ free_at: order.freeAt })
    .where('id', '=', free.id)
    .execute();
  return free;
};

const allocate = async (
  transaction: Transaction<Schema>,
  order: AddressOrder,
): Promise<DepositAddressRow> => {
  const { accountId, currency, userIdentifier } = order;
  const allocated = await transaction
    .insertInto('deposit_address')
    .values({
      account_id: accountId,
      currency: currency.currency,
      network: currency.network,
      address: randomAddress(currency.address_family),
      user_identifier: userIdentifier,
      free_at: userIdentifier === null ? order.freeAt : null,
    })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'currency', 'network', 'user_identifier']).doNothing(),
    )
    .returningAll()
    .executeTakeFirst();
  // A concurrent first request for the same user has committed: its address is the user's.
  return (
    allocated ??
    (await ofCurrency(transaction, order)
      .where('user_identifier', '=', userIdentifier)
      .executeTakeFirstOrThrow())
  );
};
