import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/open-database.ts';
import type { WithdrawalRow } from '../ledger/create-withdrawal.ts';
import { settleWithdrawal } from '../ledger/settle-withdrawal.ts';
import type { AddressFamily } from './destination-address.ts';

/** A withdrawal to this address fails when it settles. */
export const FAILING_ADDRESS = '0x000000000000000000000000000000000000dEaD';

export interface SimulatedChain {
  /** Accepts a pending withdrawal at once and plans its settlement. Doing it twice changes nothing. */
  broadcast(withdrawal: WithdrawalRow): Promise<WithdrawalRow>;
  /** Broadcasts what an earlier process left pending, and settles all that is due. */
  advance(): Promise<void>;
  /** Settles one withdrawal now; false when it is final already. */
  settle(id: number, outcome: 'confirmed' | 'failed'): Promise<boolean>;
}

export interface SimulatedChainOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly settleSeconds: number;
}

/** The hash is derived from the id, so that a broadcast repeated after a crash finds the same transaction. */
const transactionHash = (id: number, family: AddressFamily): string => {
  const digest = createHash('sha256').update(`cpg-simulated-chain:${id}`).digest('hex');
  return family === 'ethereum' ? `0x${digest}` : digest;
};

export const createSimulatedChain = ({ db, clock, settleSeconds }: SimulatedChainOptions): SimulatedChain => {
  const now = () => new Date(clock.now());

  const broadcast = async (withdrawal: WithdrawalRow): Promise<WithdrawalRow> => {
    const { address_family } = await db
      .selectFrom('currency')
      .select('address_family')
      .where('currency', '=', withdrawal.currency)
      .where('network', '=', withdrawal.network)
      .executeTakeFirstOrThrow();
    const row = await db
      .updateTable('withdrawal')
      .set({
        status: 'broadcasted',
        tx_hash: transactionHash(withdrawal.id, address_family),
        broadcast_at: now(),
        settle_at: new Date(clock.now() + settleSeconds * 1000),
      })
      .where('id', '=', withdrawal.id)
      .where('status', '=', 'pending')
      .returningAll()
      .executeTakeFirst();
    return (
      row ??
      (await db
        .selectFrom('withdrawal')
        .selectAll()
        .where('id', '=', withdrawal.id)
        .executeTakeFirstOrThrow())
    );
  };

  const settle = (id: number, outcome: 'confirmed' | 'failed'): Promise<boolean> =>
    settleWithdrawal(db, {
      id,
      outcome,
      errorMessage: outcome === 'failed' ? 'Transaction failed on the network' : null,
      at: now(),
    });

  const advance = async (): Promise<void> => {
    const pending = await db
      .selectFrom('withdrawal')
      .selectAll()
      .where('status', '=', 'pending')
      .where('chain_paused', '=', false)
      .execute();
    for (const withdrawal of pending) await broadcast(withdrawal);
    const due = await db
      .selectFrom('withdrawal')
      .select(['id', 'to_address'])
      .where('status', '=', 'broadcasted')
      .where('settle_at', '<=', now())
      .orderBy('settle_at')
      .execute();
    for (const { id, to_address } of due) {
      await settle(id, to_address.toLowerCase() === FAILING_ADDRESS.toLowerCase() ? 'failed' : 'confirmed');
    }
  };

  return { broadcast, advance, settle };
};
