import { isDatabaseUnavailable } from '../database/database-unavailable.ts';
import { type ChainTransactionRow, settleDeposit, settleGasTopUp, settleSweep } from '../ledger/deposits.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { getBlockHeight } from '../ledger/networks.ts';
import { settleWithdrawal } from '../ledger/withdrawals.ts';
import { addAllConfirmations, unscheduleTransaction } from './blocks.ts';
import { broadcastWithdrawal } from './broadcast.ts';

/** A withdrawal to this address fails when it settles. */
export const FAILING_ADDRESS = '0x000000000000000000000000000000000000dEaD';

export type Outcome = 'confirmed' | 'failed';

export interface SimulatedChain {
  /** Broadcasts withdrawals that a previous process left pending, and settles transactions that are final. */
  advance(): Promise<void>;
  /** Settles one withdrawal now. Returns false when it is already final or does not exist. */
  settle(withdrawalId: number, outcome: Outcome): Promise<boolean>;
  /** Settles one deposit now. Returns false when it is already final or does not exist. */
  settleDeposit(id: number, outcome: Outcome): Promise<boolean>;
}

/** Creates the simulated chain of all networks. Several processes may advance it at the same time. */
export const createSimulatedChain = (services: LedgerServices): SimulatedChain => {
  const { db, clock } = services;
  const now = () => new Date(clock.now());

  const settleBroadcasted = (id: number, outcome: Outcome): Promise<boolean> =>
    settleWithdrawal(db, {
      id,
      outcome,
      errorMessage: outcome === 'failed' ? 'Transaction failed on the network' : null,
      at: now(),
    });

  const settle = async (id: number, outcome: Outcome): Promise<boolean> => {
    const row = await db.selectFrom('withdrawal').select('status').where('id', '=', id).executeTakeFirst();
    if (row?.status === 'pending' && outcome === 'confirmed') await broadcastWithdrawal(services, id);
    const reference = { direction: 'withdrawal', id } as const;
    await (outcome === 'confirmed' ? addAllConfirmations : unscheduleTransaction)(services, reference);
    return settleBroadcasted(id, outcome);
  };

  const settleOneDeposit = async (id: number, outcome: Outcome): Promise<boolean> => {
    const reference = { direction: 'deposit', id } as const;
    await (outcome === 'confirmed' ? addAllConfirmations : unscheduleTransaction)(services, reference);
    return settleDeposit(db, { id, outcome, at: now() });
  };

  const settleDue = (row: ChainTransactionRow): Promise<boolean> => {
    if (row.direction === 'deposit')
      return settleDeposit(db, { id: row.id, outcome: 'confirmed', at: now() });
    if (row.direction === 'gas_topup') return settleGasTopUp(db, row.id, now());
    if (row.withdrawal_id === null) return settleSweep(db, row.id, now());
    const isFailing = row.to_address.toLowerCase() === FAILING_ADDRESS.toLowerCase();
    return settleBroadcasted(row.withdrawal_id, isFailing ? 'failed' : 'confirmed');
  };

  const advance = async (): Promise<void> => {
    const failures: unknown[] = [];
    // A row that fails must not block the others.
    const attempt = async (step: () => Promise<unknown>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        if (isDatabaseUnavailable(error)) throw error;
        failures.push(error);
      }
    };
    const pending = await db
      .selectFrom('withdrawal')
      .select('id')
      .where('status', '=', 'pending')
      .where('chain_paused', '=', false)
      .execute();
    for (const { id } of pending) await attempt(() => broadcastWithdrawal(services, id));
    for (const network of await db.selectFrom('network').selectAll().execute()) {
      const due = await db
        .selectFrom('chain_transaction')
        .selectAll()
        .where('network', '=', network.network)
        .where('status', 'in', ['detected', 'broadcasted'])
        .where(
          'block_number',
          '<=',
          getBlockHeight(network, clock.now()) - network.required_confirmations + 1,
        )
        .orderBy('id')
        .execute();
      for (const row of due) await attempt(() => settleDue(row));
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, `Transactions that failed to advance: ${failures.length}`);
    }
  };

  return { advance, settle, settleDeposit: settleOneDeposit };
};
