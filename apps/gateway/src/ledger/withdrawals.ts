import {
  Decimal,
  REJECTIONS,
  type Rejection,
  toDecimal,
  upperCaseAscii,
  validationFailed,
  type WebhookEventName,
  type Withdrawal,
  type WithdrawalEventData,
} from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { isDatabaseId, type Schema, type WithdrawalTable } from '../database/schema.ts';
import { rollbackOnRejection } from '../database/transactions.ts';
import { formatOptionalTime, formatTime } from '../time.ts';
import { recordEvent } from '../webhooks/events.ts';
import { isDestinationAddress, isSameAddress } from './addresses.ts';
import { moveBalance } from './balances.ts';
import { type AccountCurrency, findCurrency, getCurrencyDecimals } from './currencies.ts';
import { findReplay, type SignedRequest, toSignatureColumns } from './signed-request.ts';

export type WithdrawalRow = Selectable<WithdrawalTable>;

/** A withdrawal as it was created, with the decimals of its currency. */
export type CreatedWithdrawal = WithdrawalRow & { readonly decimals: number };

export interface NewWithdrawal {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
  readonly toAddress: string;
  /** A decimal string, greater than 0. */
  readonly amount: string;
  readonly clientReference: string | null;
  /** The request that asks for it. */
  readonly signed?: SignedRequest;
  readonly at: Date;
}

/**
 * Writes a new withdrawal and holds its amount and fee, or does neither. Returns `duplicate` when its reference or
 * signature is known.
 */
export type HoldWithdrawal = (
  db: Database,
  input: NewWithdrawal,
  currency: AccountCurrency,
) => Promise<CreatedWithdrawal | Rejection | 'duplicate'>;

/**
 * Creates a withdrawal and holds its amount and fee; it is `pending`, unless `hold` also broadcasts it. A known
 * `client_reference` returns the existing withdrawal, or a conflict when the parameters differ. The signature
 * of a withdrawal is rejected as a replay, also when the admission store has forgotten it. Wire protocol §4.6.
 */
export const createWithdrawal = async (
  db: Database,
  input: NewWithdrawal,
  hold: HoldWithdrawal = insertAndHold,
): Promise<CreatedWithdrawal | Rejection> => {
  const currency = await findCurrency(db, input);
  const existing = currency?.has_reference === false ? undefined : await findByReference(db, input);
  if (existing !== undefined) {
    return (await findReplay(db, 'withdrawal', input.signed)) ?? returnExisting(existing, input);
  }
  if (!currency?.withdrawal_enabled) return REJECTIONS.withdrawals_not_enabled;
  const rejection = findRejection(input, currency);
  if (rejection !== undefined) return rejection;
  const held = await hold(db, input, currency);
  if (held !== 'duplicate') return held;
  const replay = await findReplay(db, 'withdrawal', input.signed);
  if (replay !== undefined) return replay;
  const concurrent = await findByReference(db, input);
  return concurrent === undefined ? REJECTIONS.service_unavailable : returnExisting(concurrent, input);
};

const findByReference = async (db: Database, input: NewWithdrawal) => {
  if (input.clientReference === null) return undefined;
  return db
    .selectFrom('withdrawal')
    .innerJoin('network', 'network.network', 'withdrawal.network')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'withdrawal.currency')
        .onRef('currency.network', '=', 'withdrawal.network'),
    )
    .selectAll('withdrawal')
    .select(['address_family', 'decimals'])
    .where('account_id', '=', input.accountId)
    .where('client_reference', '=', input.clientReference)
    .executeTakeFirst();
};

type Existing = NonNullable<Awaited<ReturnType<typeof findByReference>>>;

const returnExisting = (existing: Existing, input: NewWithdrawal): CreatedWithdrawal | Rejection => {
  const isSame =
    existing.currency === upperCaseAscii(input.currency) &&
    existing.network === upperCaseAscii(input.network) &&
    isSameAddress(existing.address_family, existing.to_address, input.toAddress) &&
    toDecimal(existing.amount).equals(input.amount);
  return isSame ? existing : REJECTIONS.client_reference_conflict;
};

const findRejection = (input: NewWithdrawal, currency: AccountCurrency): Rejection | undefined => {
  const amount = toDecimal(input.amount);
  if (amount.decimalPlaces() > currency.decimals) {
    return validationFailed(`amount: Input should have at most ${currency.decimals} decimal places`);
  }
  if (amount.lessThan(currency.min_withdrawal_amount)) return REJECTIONS.amount_below_minimum;
  const { address_family, reserved_addresses } = currency;
  if (!isDestinationAddress(address_family, input.toAddress, reserved_addresses))
    return REJECTIONS.invalid_destination_address;
  return undefined;
};

const insertAndHold: HoldWithdrawal = (db, input, currency) => {
  const fee = calculateWithdrawalFee(input.amount, currency);
  return rollbackOnRejection(db, async (transaction) => {
    const row = await transaction
      .insertInto('withdrawal')
      .values({
        account_id: input.accountId,
        currency: currency.currency,
        network: currency.network,
        to_address: input.toAddress,
        amount: input.amount,
        fee,
        client_reference: input.clientReference,
        ...toSignatureColumns(input.signed),
        status: 'pending',
        chain_paused: false,
        requested_at: input.at,
      })
      // A concurrent request with the same reference or signature waits here for the first one to commit.
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return 'duplicate';
    const isHeld = await moveBalance(transaction, {
      ...row,
      kind: 'withdrawal_hold',
      balanceDelta: '0',
      heldDelta: toDecimal(input.amount).plus(fee).toFixed(),
      withdrawalId: row.id,
      at: input.at,
    });
    if (!isHeld) return REJECTIONS.insufficient_available_balance;
    return { ...row, decimals: currency.decimals };
  });
};

export interface FeeSchedule {
  readonly decimals: number;
  readonly withdrawal_fee_flat: string;
  /** In percent: `1.000000` is 1 %. */
  readonly withdrawal_fee_percent: string;
}

/**
 * The fee on top of an amount: flat plus percent, rounded up to the currency's decimals. Wire protocol §4.6.
 */
export const calculateWithdrawalFee = (amount: string, schedule: FeeSchedule): string =>
  toDecimal(schedule.withdrawal_fee_flat)
    .plus(toDecimal(amount).times(schedule.withdrawal_fee_percent).dividedBy(100))
    .toFixed(schedule.decimals, Decimal.ROUND_UP);

/** Amount and fee of a withdrawal at the currency's precision. Wire protocol §3. */
export const formatWithdrawalAmounts = (
  row: CreatedWithdrawal,
): { readonly amount: string; readonly fee: string } => ({
  amount: toDecimal(row.amount).toFixed(row.decimals),
  fee: toDecimal(row.fee).toFixed(row.decimals),
});

/** Finds a withdrawal of this account; `undefined` for one of another account. Wire protocol §4. */
export const findWithdrawal = async (
  db: Database,
  accountId: string,
  id: string,
): Promise<CreatedWithdrawal | undefined> => {
  if (!isDatabaseId(id)) return undefined;
  return db
    .selectFrom('withdrawal')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'withdrawal.currency')
        .onRef('currency.network', '=', 'withdrawal.network'),
    )
    .selectAll('withdrawal')
    .select('decimals')
    .where('account_id', '=', accountId)
    .where('id', '=', sql<number>`${id}::bigint`)
    .executeTakeFirst();
};

/** The withdrawals of an account before an id, newest first, for the console. The API has no such list. */
export const listWithdrawals = async (
  db: Database,
  accountId: string,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<Withdrawal[]> => {
  let query = db
    .selectFrom('withdrawal')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'withdrawal.currency')
        .onRef('currency.network', '=', 'withdrawal.network'),
    )
    .selectAll('withdrawal')
    .select('decimals')
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(limit);
  if (before !== undefined) query = query.where('id', '<', before);
  return (await query.execute()).map(formatWithdrawal);
};

/** A withdrawal as the API shows it. Wire protocol §4.6. */
export const formatWithdrawal = (row: CreatedWithdrawal): Withdrawal => ({
  id: row.id,
  currency: row.currency,
  network: row.network,
  to_address: row.to_address,
  ...formatWithdrawalAmounts(row),
  status: row.status,
  tx_hash: row.tx_hash,
  error_message: row.error_message,
  requested_at: formatTime(row.requested_at),
  broadcast_at: formatOptionalTime(row.broadcast_at),
  confirmed_at: formatOptionalTime(row.confirmed_at),
});

/** Records the webhook event of a withdrawal's new status. Wire protocol §5. */
export const recordWithdrawalEvent = async (
  transaction: Transaction<Schema>,
  row: WithdrawalRow,
  at: Date,
): Promise<void> => {
  const data = toWithdrawalEventData(row, await getCurrencyDecimals(transaction, row));
  const event = `withdrawal.${row.status}` as WebhookEventName;
  await recordEvent(transaction, { accountId: row.account_id, event, data, at });
};

type EventRow<Id> = Pick<
  WithdrawalRow,
  'client_reference' | 'currency' | 'network' | 'to_address' | 'amount' | 'fee' | 'status' | 'tx_hash'
> & { readonly id: Id; readonly error_message: string | null };

/** The data of an event of a withdrawal. Wire protocol §5. */
export const toWithdrawalEventData = <Id>(
  row: EventRow<Id>,
  decimals: number,
): Omit<WithdrawalEventData, 'withdrawal_id'> & { readonly withdrawal_id: Id } => ({
  withdrawal_id: row.id,
  client_reference: row.client_reference,
  currency: row.currency,
  network: row.network,
  to_address: row.to_address,
  amount: toDecimal(row.amount).toFixed(decimals),
  fee: toDecimal(row.fee).toFixed(decimals),
  status: row.status,
  tx_hash: row.tx_hash,
  error_message: row.error_message,
});
