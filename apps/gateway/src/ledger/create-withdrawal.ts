import { REJECTIONS, type Rejection, toDecimal, validationFailed } from '@cpg/protocol';
import type { Selectable } from 'kysely';
import { isDestinationAddress } from '../chain/destination-address.ts';
import type { Database } from '../database/open-database.ts';
import type { WithdrawalTable } from '../database/tables/withdrawal-table.ts';
import { rollbackOnRejection } from '../database/transactions.ts';
import { type AccountCurrency, findCurrency } from './find-currency.ts';
import { moveBalance } from './move-balance.ts';
import { withdrawalFee } from './withdrawal-fee.ts';

export type WithdrawalRow = Selectable<WithdrawalTable>;

export interface WithdrawalOrder {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
  readonly toAddress: string;
  /** A decimal string, greater than 0. */
  readonly amount: string;
  readonly clientReference: string | null;
  readonly at: Date;
}

/**
 * Records a withdrawal as `pending` and holds amount and fee in the same transaction. A repeat of a `client_reference`
 * returns the first withdrawal, or a 409 when its parameters differ. Contract §4.6.
 */
export const createWithdrawal = async (
  db: Database,
  order: WithdrawalOrder,
): Promise<WithdrawalRow | Rejection> => {
  const earlier = await findByReference(db, order);
  if (earlier !== undefined) return matchEarlier(earlier, order);
  const currency = await findCurrency(db, order);
  if (!currency?.withdrawal_enabled) return REJECTIONS.withdrawals_not_enabled;
  const fault = findFault(order, currency);
  if (fault !== undefined) return fault;
  const held = await insertAndHold(db, order, currency);
  if (held !== 'repeated') return held;
  const winner = await findByReference(db, order);
  return winner === undefined ? REJECTIONS.service_unavailable : matchEarlier(winner, order);
};

const findByReference = async (db: Database, order: WithdrawalOrder): Promise<WithdrawalRow | undefined> => {
  if (order.clientReference === null) return undefined;
  return db
    .selectFrom('withdrawal')
    .selectAll()
    .where('account_id', '=', order.accountId)
    .where('client_reference', '=', order.clientReference)
    .executeTakeFirst();
};

const matchEarlier = (earlier: WithdrawalRow, order: WithdrawalOrder): WithdrawalRow | Rejection => {
  const isSame =
    earlier.currency === order.currency.toUpperCase() &&
    earlier.network === order.network.toUpperCase() &&
    earlier.to_address === order.toAddress &&
    toDecimal(earlier.amount).equals(order.amount);
  return isSame ? earlier : REJECTIONS.client_reference_conflict;
};

const findFault = (order: WithdrawalOrder, currency: AccountCurrency): Rejection | undefined => {
  const amount = toDecimal(order.amount);
  if (amount.decimalPlaces() > currency.decimals) {
    return validationFailed(`amount: Input should have at most ${currency.decimals} decimal places`);
  }
  if (amount.lessThan(currency.min_withdrawal_amount)) return REJECTIONS.amount_below_minimum;
  if (!isDestinationAddress(currency.address_family, order.toAddress))
    return REJECTIONS.invalid_destination_address;
  return undefined;
};

const insertAndHold = (
  db: Database,
  order: WithdrawalOrder,
  currency: AccountCurrency,
): Promise<WithdrawalRow | Rejection | 'repeated'> => {
  const fee = withdrawalFee(order.amount, currency);
  return rollbackOnRejection(db, async (transaction) => {
    const row = await transaction
      .insertInto('withdrawal')
      .values({
        account_id: order.accountId,
        currency: currency.currency,
        network: currency.network,
        to_address: order.toAddress,
        amount: order.amount,
        fee,
        client_reference: order.clientReference,
        status: 'pending',
        chain_paused: false,
        requested_at: order.at,
      })
      // A concurrent request with the same reference waits here for the first one to commit.
      .onConflict((conflict) => conflict.columns(['account_id', 'client_reference']).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return 'repeated';
    const isHeld = await moveBalance(transaction, {
      ...row,
      kind: 'withdrawal_hold',
      balanceDelta: '0',
      heldDelta: toDecimal(order.amount).plus(fee).toFixed(),
      withdrawalId: row.id,
      at: order.at,
    });
    return isHeld ? row : REJECTIONS.insufficient_available_balance;
  });
};
