import { toDecimal } from '@cpg/protocol';
import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import {
  applySettlements,
  type FinalTransactions,
  hasNotFailed,
  nextEventId,
  type Settlement,
} from './settlements.ts';
import { toWithdrawalEventData, type WithdrawalRow } from './withdrawals.ts';

export interface WithdrawalOutcome {
  readonly outcome: 'confirmed' | 'failed';
  readonly errorMessage: string | null;
}

/**
 * Settles a withdrawal in flight, once: `confirmed` debits amount and fee, `failed` releases the hold.
 * Returns false when the withdrawal is already final, so several processes may try. Wire protocol §4.6.
 */
export const settleWithdrawal = (
  db: Database,
  settlement: WithdrawalOutcome & { readonly id: number; readonly at: Date },
): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const row = await selectInFlight(transaction)
      .leftJoin('chain_transaction', 'chain_transaction.withdrawal_id', 'withdrawal.id')
      .select('chain_transaction.id as transaction_id')
      .where('withdrawal.id', '=', settlement.id)
      .forUpdate('withdrawal')
      .executeTakeFirst();
    if (row === undefined) return false;
    await applySettlements(transaction, [toSettlement(row, settlement)], settlement.at);
    return true;
  });

/**
 * Settles final withdrawals of a network in one transaction, with the outcome that `decide` gives each of them.
 * Withdrawals whose rows or balance another session has locked are left out, and those that failed before.
 *
 * @returns The number of withdrawals settled.
 */
export const settleFinalWithdrawals = (
  db: Database,
  { network, finalBlock, at, limit, onClaimed }: FinalTransactions,
  decide: (row: WithdrawalRow) => WithdrawalOutcome,
): Promise<number> =>
  inTransaction(db, async (transaction) => {
    const rows = await selectInFlight(transaction)
      .innerJoin('chain_transaction', 'chain_transaction.withdrawal_id', 'withdrawal.id')
      .innerJoin('balance', (join) =>
        join
          .onRef('balance.account_id', '=', 'withdrawal.account_id')
          .onRef('balance.currency', '=', 'withdrawal.currency')
          .onRef('balance.network', '=', 'withdrawal.network'),
      )
      .select('chain_transaction.id as transaction_id')
      .where('chain_transaction.network', '=', network.network)
      .where('chain_transaction.status', 'in', ['detected', 'broadcasted'])
      .where('chain_transaction.block_number', '<=', finalBlock)
      .where(hasNotFailed)
      .orderBy('chain_transaction.block_number')
      .limit(limit)
      .forUpdate(['chain_transaction', 'withdrawal', 'balance'])
      .skipLocked()
      .execute();
    if (rows.length === 0) return 0;
    onClaimed(rows.map(({ transaction_id }) => transaction_id));
    const settlements = rows.map((row) => toSettlement(row, decide(row)));
    await applySettlements(transaction, settlements, at);
    return rows.length;
  });

const selectInFlight = (transaction: Transaction<Schema>) =>
  transaction
    .selectFrom('withdrawal')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'withdrawal.currency')
        .onRef('currency.network', '=', 'withdrawal.network'),
    )
    .selectAll('withdrawal')
    .select(['decimals', nextEventId.as('event_id')])
    .where('withdrawal.status', 'in', ['pending', 'broadcasted']);

type InFlight = WithdrawalRow & {
  readonly transaction_id: number | null;
  readonly decimals: number;
  readonly event_id: number;
};

const toSettlement = (row: InFlight, { outcome, errorMessage }: WithdrawalOutcome): Settlement => {
  const isConfirmed = outcome === 'confirmed';
  const released = toDecimal(row.amount).plus(row.fee).negated().toFixed();
  return {
    accountId: row.account_id,
    currency: row.currency,
    network: row.network,
    outcome,
    errorMessage,
    transactionId: row.transaction_id,
    withdrawalId: row.id,
    move: {
      kind: isConfirmed ? 'withdrawal_confirm' : 'withdrawal_release',
      balanceDelta: isConfirmed ? released : '0',
      heldDelta: released,
    },
    event: {
      id: row.event_id,
      event: `withdrawal.${outcome}`,
      data: toWithdrawalEventData({ ...row, status: outcome, error_message: errorMessage }, row.decimals),
    },
  };
};
