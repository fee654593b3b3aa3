import { type DepositEventData, toDecimal, type WebhookEventName } from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { ChainTransactionTable, Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import { recordEvent } from '../webhooks/events.ts';
import { moveBalance } from './balances.ts';
import { getCurrencyDecimals } from './currencies.ts';
import { findNetwork, getBlockHeight, getInclusion } from './networks.ts';

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
    const isConfirmed = outcome === 'confirmed';
    const deposit = await transaction
      .updateTable('chain_transaction')
      .set({ status: outcome, confirmed_at: isConfirmed ? at : null })
      .where('id', '=', id)
      .where('direction', '=', 'deposit')
      .where('status', '=', 'detected')
      .returningAll()
      .executeTakeFirst();
    if (deposit === undefined) return false;
    // The wire protocol has no event for a failed deposit.
    if (!isConfirmed) return true;
    const { account_id, currency, network } = deposit;
    await transaction
      .insertInto('balance')
      .values({ account_id, currency, network, balance: '0', held: '0' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const isMoved = await moveBalance(transaction, {
      ...deposit,
      kind: 'deposit',
      balanceDelta: deposit.amount,
      heldDelta: '0',
      depositId: deposit.id,
      at,
    });
    if (!isMoved) throw new Error(`Ledger is inconsistent: deposit ${deposit.id} cannot be credited`);
    await recordDepositEvent(transaction, { deposit, event: 'deposit.confirmed', at });
    return true;
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
  readonly event: Extract<WebhookEventName, `deposit.${string}`>;
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
  const network = await findNetwork(transaction, deposit.network);
  const height = network === undefined ? 0 : getBlockHeight(network, at.getTime());
  const data: DepositEventData = {
    deposit_request_id: deposit.deposit_request_id as number,
    user_identifier,
    address: deposit.to_address,
    currency: deposit.currency,
    network: deposit.network,
    amount: toDecimal(deposit.amount).toFixed(await getCurrencyDecimals(transaction, deposit)),
    tx_hash: deposit.tx_hash,
    ...getInclusion(deposit.block_number, height),
  };
  await recordEvent(transaction, { accountId: deposit.account_id, event, data, at });
};
