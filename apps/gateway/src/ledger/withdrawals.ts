import {
  Decimal,
  REJECTIONS,
  type Rejection,
  toDecimal,
  validationFailed,
  type WebhookEventName,
  type WithdrawalEventData,
} from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { isDatabaseId, type Schema, type WithdrawalTable } from '../database/schema.ts';
import { inTransaction, rollbackOnRejection } from '../database/transactions.ts';
import { recordEvent } from '../webhooks/events.ts';
import { isDestinationAddress } from './addresses.ts';
import { moveBalance } from './balances.ts';
import { type AccountCurrency, currencyDecimals, findCurrency } from './currencies.ts';

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

export interface FeeSchedule {
  readonly decimals: number;
  readonly withdrawal_fee_flat: string;
  /** In percent: `1.000000` is 1 %. */
  readonly withdrawal_fee_percent: string;
}

/** The fee on top of an amount: flat plus percent, rounded up to the currency's decimals. Contract §4.6. */
export const withdrawalFee = (amount: string, schedule: FeeSchedule): string =>
  toDecimal(schedule.withdrawal_fee_flat)
    .plus(toDecimal(amount).times(schedule.withdrawal_fee_percent).dividedBy(100))
    .toFixed(schedule.decimals, Decimal.ROUND_UP);

/** Amount and fee of a withdrawal as they are told: at the currency's own precision. Contract §3. */
export const withdrawalAmounts = async (
  db: Database,
  row: WithdrawalRow,
): Promise<{ readonly amount: string; readonly fee: string }> => {
  const decimals = await currencyDecimals(db, row);
  return { amount: toDecimal(row.amount).toFixed(decimals), fee: toDecimal(row.fee).toFixed(decimals) };
};

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

/** The newest withdrawals of an account, for its eyes; the API has no such list. */
export const listWithdrawals = async (db: Database, accountId: string, limit: number) => {
  const rows = await db
    .selectFrom('withdrawal')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'withdrawal.currency')
        .onRef('currency.network', '=', 'withdrawal.network'),
    )
    .select(['id', 'withdrawal.currency', 'withdrawal.network', 'to_address', 'amount', 'decimals'])
    .select(['status', 'error_message'])
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ decimals, amount, ...row }) => ({
    ...row,
    amount: toDecimal(amount).toFixed(decimals),
  }));
};

export interface Settlement {
  readonly id: number;
  readonly outcome: 'confirmed' | 'failed';
  readonly errorMessage: string | null;
  readonly at: Date;
}

/**
 * Brings a withdrawal that is in flight to its final state, once: confirmed debits amount and fee, failed releases the
 * hold. Returns false when it is final already, so any number of processes may try. Contract §4.6.
 */
export const settleWithdrawal = (db: Database, settlement: Settlement): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const isConfirmed = settlement.outcome === 'confirmed';
    const confirmed_at = isConfirmed ? settlement.at : null;
    const row = await transaction
      .updateTable('withdrawal')
      .set({
        status: settlement.outcome,
        confirmed_at,
        error_message: settlement.errorMessage,
        chain_paused: false,
      })
      .where('id', '=', settlement.id)
      .where('status', 'in', ['pending', 'broadcasted'])
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return false;
    await transaction
      .updateTable('chain_transaction')
      .set({ status: settlement.outcome, confirmed_at })
      .where('withdrawal_id', '=', row.id)
      .execute();
    await releaseHold(transaction, row, settlement.at);
    await recordWithdrawalEvent(transaction, row, settlement.at);
    return true;
  });

const releaseHold = async (transaction: Transaction<Schema>, row: WithdrawalRow, at: Date): Promise<void> => {
  const released = toDecimal(row.amount).plus(row.fee).negated().toFixed();
  const isMoved = await moveBalance(transaction, {
    ...row,
    kind: row.status === 'confirmed' ? 'withdrawal_confirm' : 'withdrawal_release',
    balanceDelta: row.status === 'confirmed' ? released : '0',
    heldDelta: released,
    withdrawalId: row.id,
    at,
  });
  if (!isMoved) throw new Error(`Ledger is inconsistent: the hold of withdrawal ${row.id} is gone`);
};

/** Tells the account's webhooks of the state that a withdrawal has just come to. Contract §5. */
export const recordWithdrawalEvent = async (
  transaction: Transaction<Schema>,
  row: WithdrawalRow,
  at: Date,
): Promise<void> => {
  const { amount, fee } = await withdrawalAmounts(transaction, row);
  const data: WithdrawalEventData = {
    withdrawal_id: row.id,
    client_reference: row.client_reference,
    currency: row.currency,
    network: row.network,
    to_address: row.to_address,
    amount,
    fee,
    status: row.status,
    tx_hash: row.tx_hash,
    error_message: row.error_message,
  };
  const event = `withdrawal.${row.status}` as WebhookEventName;
  await recordEvent(transaction, { accountId: row.account_id, event, data, at });
};
