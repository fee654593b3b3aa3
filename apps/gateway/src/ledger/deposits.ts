import { type DepositEventData, toDecimal } from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { ChainTransactionTable, Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import { type GatewayEventName, recordEvent } from '../webhooks/events.ts';
import { getCurrencyDecimals } from './currencies.ts';
import { findNetwork, getBlockHeight, getInclusion } from './networks.ts';
import {
  applySettlements,
  type FinalTransactions,
  hasNotFailed,
  nextEventId,
  type Settlement,
} from './settlements.ts';

export interface DepositSettlement {
  readonly id: number;
  readonly outcome: 'confirmed' | 'failed';
  readonly at: Date;
}

/**
 * Confirms and credits a detected deposit, or fails it, once. Returns false when it is already final. Wire
 * protocol §4.3.
 */
export const settleDeposit = (db: Database, { id, outcome, at }: DepositSettlement): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const deposit = await selectDetected(transaction)
      .where('chain_transaction.id', '=', id)
      .forUpdate('chain_transaction')
      .executeTakeFirst();
    if (deposit === undefined) return false;
    const { account_id, currency, network } = deposit;
    await transaction
      .insertInto('balance')
      .values({ account_id, currency, network, balance: '0', held: '0' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const height = await findHeight(transaction, network, at);
    await applySettlements(transaction, [toSettlement(deposit, outcome, height)], at);
    return true;
  });

/**
 * Credits final deposits of a network in one transaction. Deposits whose rows or balance another session has
 * locked are left out, those that failed before, and those to a balance that does not exist yet.
 *
 * @returns The number of deposits credited.
 */
export const settleFinalDeposits = (
  db: Database,
  { network, finalBlock, at, limit, onClaimed }: FinalTransactions,
): Promise<number> =>
  inTransaction(db, async (transaction) => {
    const deposits = await selectDetected(transaction)
      .innerJoin('balance', (join) =>
        join
          .onRef('balance.account_id', '=', 'chain_transaction.account_id')
          .onRef('balance.currency', '=', 'chain_transaction.currency')
          .onRef('balance.network', '=', 'chain_transaction.network'),
      )
      .where('chain_transaction.network', '=', network.network)
      .where('chain_transaction.block_number', '<=', finalBlock)
      .where(hasNotFailed)
      .orderBy('chain_transaction.block_number')
      .limit(limit)
      .forUpdate(['chain_transaction', 'balance'])
      .skipLocked()
      .execute();
    if (deposits.length === 0) return 0;
    onClaimed(deposits.map(({ id }) => id));
    const height = getBlockHeight(network, at.getTime());
    const settlements = deposits.map((deposit) => toSettlement(deposit, 'confirmed', height));
    await applySettlements(transaction, settlements, at);
    return deposits.length;
  });

const selectDetected = (transaction: Transaction<Schema>) =>
  transaction
    .selectFrom('chain_transaction')
    .innerJoin('deposit_request', 'deposit_request.id', 'chain_transaction.deposit_request_id')
    .innerJoin('deposit_address', 'deposit_address.id', 'deposit_request.address_id')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'chain_transaction.currency')
        .onRef('currency.network', '=', 'chain_transaction.network'),
    )
    .selectAll('chain_transaction')
    .select(['user_identifier', 'decimals', nextEventId.as('event_id')])
    .where('chain_transaction.direction', '=', 'deposit')
    .where('chain_transaction.status', '=', 'detected');

type DetectedDeposit = ChainTransactionRow & DepositDetails & { readonly event_id: number };

const toSettlement = (
  deposit: DetectedDeposit,
  outcome: DepositSettlement['outcome'],
  height: number,
): Settlement => ({
  accountId: deposit.account_id,
  currency: deposit.currency,
  network: deposit.network,
  outcome,
  transactionId: deposit.id,
  // The wire protocol has no event for a failed deposit.
  ...(outcome === 'confirmed' && {
    move: { kind: 'deposit', balanceDelta: deposit.amount, heldDelta: '0' },
    event: {
      id: deposit.event_id,
      event: 'deposit.confirmed',
      data: toEventData(deposit, deposit, height),
    },
  }),
});

/** Confirms a sweep, once, and records the event of the swept deposit. */
export const settleSweep = (db: Database, id: number, at: Date): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const sweep = await transaction
      .updateTable('chain_transaction')
      .set({ status: 'confirmed', confirmed_at: at })
      .where('id', '=', id)
      .where('direction', '=', 'sweep')
      .where('status', '=', 'broadcasted')
      .returning('swept_id')
      .executeTakeFirst();
    if (sweep === undefined) return false;
    const deposit = await transaction
      .selectFrom('chain_transaction')
      .selectAll()
      .where('id', '=', sql<number>`${sweep.swept_id}::bigint`)
      .executeTakeFirstOrThrow();
    await recordDepositEvent(transaction, { deposit, event: 'deposit.swept', at });
    return true;
  });

/** Confirms a gas top-up, once. It changes no balance and has no webhook event. */
export const settleGasTopUp = async (db: Database, id: number, at: Date): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('chain_transaction')
    .set({ status: 'confirmed', confirmed_at: at })
    .where('id', '=', id)
    .where('direction', '=', 'gas_topup')
    .where('status', '=', 'broadcasted')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

export type ChainTransactionRow = Selectable<ChainTransactionTable>;

export interface DepositEvent {
  readonly deposit: ChainTransactionRow;
  readonly event: Extract<GatewayEventName, `deposit.${string}`>;
  readonly at: Date;
}

/** Records a webhook event of a deposit. Wire protocol §5. */
export const recordDepositEvent = async (
  transaction: Transaction<Schema>,
  { deposit, event, at }: DepositEvent,
): Promise<void> => {
  const { user_identifier } = await transaction
    .selectFrom('deposit_request')
    .innerJoin('deposit_address', 'deposit_address.id', 'deposit_request.address_id')
    .select('user_identifier')
    .where('deposit_request.id', '=', deposit.deposit_request_id)
    .executeTakeFirstOrThrow();
  const details = { user_identifier, decimals: await getCurrencyDecimals(transaction, deposit) };
  const data = toEventData(deposit, details, await findHeight(transaction, deposit.network, at));
  await recordEvent(transaction, { accountId: deposit.account_id, event, data, at });
};

const findHeight = async (transaction: Transaction<Schema>, name: string, at: Date): Promise<number> => {
  const network = await findNetwork(transaction, name);
  return network === undefined ? 0 : getBlockHeight(network, at.getTime());
};

interface DepositDetails {
  readonly user_identifier: string | null;
  readonly decimals: number;
}

const toEventData = (
  deposit: ChainTransactionRow,
  { user_identifier, decimals }: DepositDetails,
  height: number,
): DepositEventData => ({
  deposit_request_id: deposit.deposit_request_id as number,
  user_identifier,
  address: deposit.to_address,
  currency: deposit.currency,
  network: deposit.network,
  amount: toDecimal(deposit.amount).toFixed(decimals),
  tx_hash: deposit.tx_hash,
  ...getInclusion(deposit.block_number, height),
});
