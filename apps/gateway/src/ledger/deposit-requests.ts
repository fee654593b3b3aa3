import { type DepositTransaction, REJECTIONS, type Rejection, toDecimal } from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { type DepositAddressTable, isDatabaseId, type Schema } from '../database/schema.ts';
import { rollbackOnRejection } from '../database/transactions.ts';
import { formatOptionalTime, formatTime } from '../time.ts';
import { randomAddress } from './addresses.ts';
import { type AccountCurrency, findCurrency } from './currencies.ts';
import type { LedgerServices } from './networks.ts';
import { inclusion, readHeights } from './networks.ts';

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

export interface DepositOrder {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
  readonly userIdentifier: string | null;
  readonly idempotencyKey: string | null;
  readonly at: Date;
}

const DISPLAY_MS = 3 * 3_600_000;
// A payer who is late by a day still pays to the request that he was shown.
const RECYCLE_AFTER_MS = DISPLAY_MS + 24 * 3_600_000;

/**
 * Makes a deposit request with an address to pay to. A repeat of an `idempotency_key` returns the first request, or a 409
 * when its parameters differ. Contract §4.3.
 */
export const createDepositRequest = async (
  db: Database,
  order: DepositOrder,
): Promise<DepositRequestRow | Rejection> => {
  const earlier = await findByIdempotencyKey(db, order);
  if (earlier !== undefined) return matchEarlier(earlier, order);
  const currency = await findCurrency(db, order);
  if (!currency?.deposit_enabled) return REJECTIONS.deposits_not_enabled;
  const id = await insertRequest(db, order, currency);
  if (typeof id === 'number') {
    return selectDepositRequests(db).where('deposit_request.id', '=', id).executeTakeFirstOrThrow();
  }
  const winner = await findByIdempotencyKey(db, order);
  return winner === undefined ? id : matchEarlier(winner, order);
};

const findByIdempotencyKey = async (db: Database, order: DepositOrder) =>
  order.idempotencyKey === null
    ? undefined
    : selectDepositRequests(db)
        .where('deposit_request.account_id', '=', order.accountId)
        .where('idempotency_key', '=', order.idempotencyKey)
        .executeTakeFirst();

const matchEarlier = (earlier: DepositRequestRow, order: DepositOrder): DepositRequestRow | Rejection => {
  const isSame =
    earlier.currency === order.currency.toUpperCase() &&
    earlier.network === order.network.toUpperCase() &&
    earlier.user_identifier === order.userIdentifier;
  return isSame ? earlier : REJECTIONS.idempotency_key_conflict;
};

const insertRequest = (db: Database, order: DepositOrder, currency: AccountCurrency) =>
  rollbackOnRejection<number>(db, async (transaction) => {
    const address = await takeDepositAddress(transaction, {
      accountId: order.accountId,
      currency,
      userIdentifier: order.userIdentifier,
      at: order.at,
      freeAt: new Date(order.at.getTime() + RECYCLE_AFTER_MS),
    });
    const row = await transaction
      .insertInto('deposit_request')
      .values({
        account_id: order.accountId,
        address_id: address.id,
        idempotency_key: order.idempotencyKey,
        display_expires_at: new Date(order.at.getTime() + DISPLAY_MS),
        created_at: order.at,
      })
      // A concurrent request with the same key waits here for the first one to commit, then gives its address back.
      .onConflict((conflict) => conflict.columns(['account_id', 'idempotency_key']).doNothing())
      .returning('id')
      .executeTakeFirst();
    return row?.id ?? REJECTIONS.service_unavailable;
  });

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

/** What was paid to a deposit request, oldest first. Contract §4.3. */
export const listDepositTransactions = async (
  { db, clock }: LedgerServices,
  request: DepositRequestRow,
): Promise<DepositTransaction[]> => {
  const rows = await db
    .selectFrom('chain_transaction')
    .selectAll()
    .where('deposit_request_id', '=', request.id)
    .orderBy('id')
    .execute();
  const height = (await readHeights(db, clock.now())).get(request.network) ?? 0;
  return rows.map((row) => ({
    tx_hash: row.tx_hash,
    amount_decimal: toDecimal(row.amount).toFixed(request.decimals),
    status: row.status,
    ...inclusion(row.block_number, height),
    detected_at: formatTime(row.created_at),
    confirmed_at: formatOptionalTime(row.confirmed_at),
  }));
};
