import { REJECTIONS, type Rejection } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { rollbackOnRejection } from '../database/transactions.ts';
import { type AccountCurrency, findCurrency } from './find-currency.ts';
import { type DepositRequestRow, selectDepositRequests } from './find-deposit-request.ts';
import { takeDepositAddress } from './take-deposit-address.ts';

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
