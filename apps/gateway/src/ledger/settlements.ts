import type { WebhookEventName } from '@cpg/protocol';
import { sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { formatEventBody } from '../webhooks/events.ts';
import type { LedgerMove } from './balances.ts';
import type { NetworkRow } from './networks.ts';

/** The final state of a transaction: its rows, the balance it moves, and the event that reports it. */
export interface Settlement {
  readonly accountId: string;
  readonly currency: string;
  readonly network: string;
  readonly outcome: 'confirmed' | 'failed';
  readonly errorMessage?: string | null;
  /** The row in `chain_transaction`; a withdrawal that was never broadcast has none. */
  readonly transactionId: number | null;
  readonly withdrawalId?: number;
  readonly move?: Pick<LedgerMove, 'kind' | 'balanceDelta' | 'heldDelta'>;
  readonly event?: {
    /** From {@link nextEventId}. */
    readonly id: number;
    readonly event: WebhookEventName;
    readonly data: object;
  };
}

/** The final transactions of a network that nothing else is working on. */
export interface FinalTransactions {
  readonly network: NetworkRow;
  /** The newest block in which a transaction is final. */
  readonly finalBlock: number;
  readonly at: Date;
  /** The largest number to settle. */
  readonly limit: number;
  /** Is told the ids of the transactions that are about to be settled. */
  readonly onClaimed: (ids: readonly number[]) => void;
}

/** Whether a transaction has no failure: one that failed is settled alone, so it cannot fail the others. */
export const hasNotFailed = sql<boolean>`NOT EXISTS (SELECT 1 FROM settlement_failure f
  WHERE f.kind = 'transaction' AND f.id = chain_transaction.id)`;

/** Reserves the id of a webhook event: the id is part of the event's body. */
export const nextEventId = sql<number>`nextval(pg_get_serial_sequence('webhook_event', 'id'))`;

const toRow = (settlement: Settlement, at: Date) => {
  const { move, event } = settlement;
  return {
    transaction_id: settlement.transactionId,
    withdrawal_id: settlement.withdrawalId ?? null,
    account_id: settlement.accountId,
    currency: settlement.currency,
    network: settlement.network,
    outcome: settlement.outcome,
    error_message: settlement.errorMessage ?? null,
    kind: move?.kind ?? null,
    balance_delta: move?.balanceDelta ?? null,
    held_delta: move?.heldDelta ?? null,
    event_id: event?.id ?? null,
    event: event?.event ?? null,
    body: event === undefined ? null : formatEventBody(event.id, { ...event, at }),
  };
};

/**
 * Writes settlements in the caller's transaction, which has claimed their rows: statuses, balances, ledger
 * entries, events and deliveries, in one statement whatever their number.
 *
 * @throws Error when a row is already final or a balance does not exist: the transaction must be rolled back.
 */
export const applySettlements = async (
  transaction: Transaction<Schema>,
  settlements: readonly Settlement[],
  at: Date,
): Promise<void> => {
  const rows = JSON.stringify(settlements.map((settlement) => toRow(settlement, at)));
  const time = sql`${at}::timestamptz`;
  const { rows: counts } = await sql<{ missing: number }>`
    WITH settled AS MATERIALIZED (
      SELECT *, CASE outcome WHEN 'confirmed' THEN ${time} END AS confirmed_at
      FROM json_to_recordset(${rows}::json) AS row (
        transaction_id bigint, withdrawal_id bigint, account_id text, currency text, network text,
        outcome text, error_message text, kind text, balance_delta numeric, held_delta numeric,
        event_id bigint, event text, body text)),
    transactions AS (
      UPDATE chain_transaction t SET status = s.outcome, confirmed_at = s.confirmed_at
      FROM settled s WHERE t.id = s.transaction_id AND t.status IN ('detected', 'broadcasted')
      RETURNING t.id),
    withdrawals AS (
      UPDATE withdrawal w SET status = s.outcome, confirmed_at = s.confirmed_at,
        error_message = s.error_message, chain_paused = false
      FROM settled s WHERE w.id = s.withdrawal_id AND w.status IN ('pending', 'broadcasted')
      RETURNING w.id),
    moves AS (
      SELECT account_id, currency, network, SUM(balance_delta) AS balance_delta, SUM(held_delta) AS held_delta
      FROM settled WHERE kind IS NOT NULL GROUP BY account_id, currency, network),
    balances AS (
      UPDATE balance b SET balance = b.balance + m.balance_delta, held = b.held + m.held_delta
      FROM moves m
      WHERE b.account_id = m.account_id AND b.currency = m.currency AND b.network = m.network
      RETURNING b.account_id),
    entries AS (
      INSERT INTO ledger_entry (account_id, currency, network, kind, balance_delta, held_delta,
        withdrawal_id, deposit_id, created_at)
      SELECT account_id, currency, network, kind, balance_delta, held_delta,
        withdrawal_id, CASE WHEN withdrawal_id IS NULL THEN transaction_id END, ${time}
      FROM settled WHERE kind IS NOT NULL),
    events AS (
      INSERT INTO webhook_event (id, account_id, event, body, created_at)
      SELECT event_id, account_id, event, body, ${time} FROM settled WHERE event_id IS NOT NULL),
    deliveries AS (
      INSERT INTO webhook_delivery (event_id, endpoint_id, status, next_attempt_at)
      SELECT s.event_id, e.id, 'pending', ${time}
      FROM settled s JOIN webhook_endpoint e ON e.account_id = s.account_id
      WHERE s.event_id IS NOT NULL AND (e.events IS NULL OR s.event = ANY(e.events)))
    SELECT (SELECT COUNT(transaction_id) FROM settled) - (SELECT COUNT(*) FROM transactions)
      + (SELECT COUNT(withdrawal_id) FROM settled) - (SELECT COUNT(*) FROM withdrawals)
      + (SELECT COUNT(*) FROM moves) - (SELECT COUNT(*) FROM balances) AS missing`.execute(transaction);
  if (counts[0]?.missing !== 0) {
    const ids = settlements.map(({ transactionId, withdrawalId }) => withdrawalId ?? transactionId);
    throw new Error(`Ledger is inconsistent: cannot settle ${ids.join(', ')}`);
  }
};
