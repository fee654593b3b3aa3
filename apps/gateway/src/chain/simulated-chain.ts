import { sql } from 'kysely';
import type { Logger } from 'pino';
import { reverseDeposit } from '../ledger/deposit-reversals.ts';
import {
  type ChainTransactionRow,
  settleDeposit,
  settleFinalDeposits,
  settleGasTopUp,
  settleSweep,
} from '../ledger/deposits.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { type FinalTransactions, hasNotFailed } from '../ledger/settlements.ts';
import { settleFinalWithdrawals, settleWithdrawal } from '../ledger/withdrawal-settlements.ts';
import { addAllConfirmations, unscheduleTransaction } from './blocks.ts';
import { broadcastWithdrawal } from './broadcast.ts';
import {
  bringBackFromFuture,
  type ChainOutlook,
  getFinalBlock,
  getOutlook,
  type NetworkState,
  readNetworkStates,
} from './chain-state.ts';
import {
  clearFailure,
  type Failed,
  findRetries,
  isRowFailure,
  isSharedByAccount,
  type Retry,
  recordFailures,
} from './settlement-failures.ts';

/** A withdrawal to this address fails when it settles. */
export const FAILING_ADDRESS = '0x000000000000000000000000000000000000dEaD';

export type Outcome = 'confirmed' | 'failed';

export interface SimulatedChain {
  /**
   * Broadcasts withdrawals that a previous process left pending, and settles transactions that are final. Those
   * that another session has locked are left out; those that fail are recorded, logged and left to
   * {@link retryFailed}. Stops after the current batch when the signal aborts.
   */
  advance(signal?: AbortSignal): Promise<void>;
  /**
   * Tries again what failed, once its back-off is over, and what was left out for more than two seconds, each
   * alone.
   */
  retryFailed(signal?: AbortSignal): Promise<void>;
  /** What the last {@link advance} found. */
  readonly outlook: ChainOutlook;
  /** Settles one withdrawal now. Returns false when it is already final or does not exist. */
  settle(withdrawalId: number, outcome: Outcome): Promise<boolean>;
  /** Settles one deposit now. Returns false when it is already final or does not exist. */
  settleDeposit(id: number, outcome: Outcome): Promise<boolean>;
  /** Takes a confirmed deposit back, as a reorganization does. Returns false when there is none. */
  reverseDeposit(id: number): Promise<boolean>;
}

// Locks are held for one batch; a signal to stop is heard after it.
const BATCH_SIZE = 100;
// Attempts that may each wait for a lock until it times out.
const MAX_CONCURRENT_RETRIES = 4;
const MAX_RETRIES = 16;
const LEFT_OUT_MS = 2_000;

/** Creates the simulated chain of all networks. Several processes may advance it at the same time. */
export const createSimulatedChain = (services: LedgerServices, logger: Logger): SimulatedChain => {
  const { db, clock } = services;
  const now = () => new Date(clock.now());

  const settleBroadcasted = (id: number, outcome: Outcome): Promise<boolean> =>
    settleWithdrawal(db, { id, ...describeOutcome(outcome), at: now() });

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

  const settleFinal = (row: ChainTransactionRow): Promise<boolean> => {
    if (row.direction === 'deposit')
      return settleDeposit(db, { id: row.id, outcome: 'confirmed', at: now() });
    if (row.direction === 'gas_topup') return settleGasTopUp(db, row.id, now());
    if (row.withdrawal_id === null) return settleSweep(db, row.id, now());
    return settleBroadcasted(row.withdrawal_id, decideOutcome(row));
  };

  const attempt = async (
    { kind, ids }: Omit<Failed, 'error'>,
    work: () => Promise<unknown>,
  ): Promise<unknown> => {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!isRowFailure(error)) throw error;
      await recordFailures(db, logger, { kind, ids, error });
      return error;
    }
  };

  const settleEach = async (ids: readonly number[]): Promise<void> => {
    if (ids.length === 0) return;
    const rows = await db.selectFrom('chain_transaction').selectAll().where('id', 'in', ids).execute();
    const skipped = new Set<string>();
    for (const row of rows) {
      if (skipped.has(row.account_id)) continue;
      const error = await attempt({ kind: 'transaction', ids: [row.id] }, () => settleFinal(row));
      if (!isSharedByAccount(error)) continue;
      skipped.add(row.account_id);
      const others = rows.filter(({ account_id, id }) => account_id === row.account_id && id !== row.id);
      const failed = { kind: 'transaction', ids: others.map(({ id }) => id), error } as const;
      await recordFailures(db, logger, failed);
    }
  };

  const settleBatches = async (
    settleBatch: (claim: Pick<FinalTransactions, 'limit' | 'onClaimed'>) => Promise<number>,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    let settled = BATCH_SIZE;
    while (settled === BATCH_SIZE && !signal?.aborted) {
      let claimed: readonly number[] = [];
      const onClaimed = (ids: readonly number[]) => {
        claimed = ids;
      };
      try {
        settled = await settleBatch({ limit: BATCH_SIZE, onClaimed });
      } catch (error) {
        if (!isRowFailure(error) || claimed.length === 0) throw error;
        // One of them fails all of them: each alone.
        await settleEach(claimed);
      }
    }
  };

  const settleSweeps = async ({ network, finalBlock }: Pick<FinalTransactions, 'network' | 'finalBlock'>) => {
    const rows = await db
      .selectFrom('chain_transaction')
      .select('id')
      .where('network', '=', network.network)
      .where('status', '=', 'broadcasted')
      .where('block_number', '<=', finalBlock)
      .where('withdrawal_id', 'is', null)
      .where(hasNotFailed)
      .orderBy('block_number')
      .limit(BATCH_SIZE)
      .execute();
    await settleEach(rows.map(({ id }) => id));
  };

  const settleNetwork = async (network: NetworkState, signal: AbortSignal | undefined): Promise<void> => {
    const finalBlock = getFinalBlock(network, clock.now());
    if (network.oldest_block === null || network.oldest_block > finalBlock) return;
    const final = { network, finalBlock, at: now() };
    const decide = (row: { readonly to_address: string }) => describeOutcome(decideOutcome(row));
    await runEach([
      () => settleBatches((claim) => settleFinalWithdrawals(db, { ...final, ...claim }, decide), signal),
      () => settleBatches((claim) => settleFinalDeposits(db, { ...final, ...claim }), signal),
      async () => {
        if (!signal?.aborted) await settleSweeps(final);
      },
    ]);
  };

  const broadcastPending = async (signal: AbortSignal | undefined): Promise<void> => {
    const pending = await db
      .selectFrom('withdrawal')
      .select('id')
      .where('status', '=', 'pending')
      .where('chain_paused', '=', false)
      .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM settlement_failure f
        WHERE f.kind = 'withdrawal' AND f.id = withdrawal.id)`)
      .orderBy('id')
      .limit(BATCH_SIZE)
      .execute();
    for (const { id } of pending) {
      if (signal?.aborted) return;
      await attempt({ kind: 'withdrawal', ids: [id] }, () => broadcastWithdrawal(services, id));
    }
  };

  let outlook: ChainOutlook = { nextMs: 0, hasRetries: true };
  const advanceOnce = async (signal: AbortSignal | undefined): Promise<void> => {
    const states = await readNetworkStates(db);
    outlook = getOutlook(states, clock.now(), LEFT_OUT_MS);
    const isPending = states.some(({ pending_since }) => pending_since !== null);
    await runEach([
      ...(isPending ? [() => broadcastPending(signal)] : []),
      ...states.map((state) => () => bringBackFromFuture(services, state)),
      ...states.map((state) => () => settleNetwork(state, signal)),
    ]);
  };

  // One at a time: a caller finds settled what was final when it called, not locked by the round before.
  let round: Promise<unknown> = Promise.resolve();
  const advance = (signal?: AbortSignal): Promise<void> => {
    const current = round.then(() => advanceOnce(signal));
    round = current.catch(() => undefined);
    return current;
  };

  const retryFailed = async (signal?: AbortSignal): Promise<void> => {
    const retries: Retry[] = [...(await findRetries(db, MAX_RETRIES))];
    for (const id of await findLeftOut(services)) retries.push({ kind: 'transaction', id });
    const work = async () => {
      for (let next = retries.shift(); next !== undefined; next = retries.shift()) {
        if (signal?.aborted) return;
        const { kind, id } = next;
        await attempt({ kind, ids: [id] }, async () => {
          if (kind === 'withdrawal') await broadcastWithdrawal(services, id);
          else await settleFinal(await findTransaction(id));
          await clearFailure(db, kind, id);
        });
      }
    };
    await Promise.all(Array.from({ length: MAX_CONCURRENT_RETRIES }, work));
  };

  const findTransaction = (id: number): Promise<ChainTransactionRow> =>
    db.selectFrom('chain_transaction').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  return {
    advance,
    retryFailed,
    settle,
    settleDeposit: settleOneDeposit,
    reverseDeposit: (id) => reverseDeposit(db, { id, at: now() }),
    get outlook() {
      return outlook;
    },
  };
};

/** Runs all steps, whichever of them fails; an outage ends them. Throws what failed at the end. */
const runEach = async (steps: readonly (() => Promise<void>)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (!isRowFailure(error)) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `Steps that failed: ${failures.length}`);
};

const decideOutcome = ({ to_address }: { readonly to_address: string }): Outcome =>
  to_address.toLowerCase() === FAILING_ADDRESS.toLowerCase() ? 'failed' : 'confirmed';

const describeOutcome = (outcome: Outcome) => ({
  outcome,
  errorMessage: outcome === 'failed' ? 'Transaction failed on the network' : null,
});

/**
 * Finds transactions that were final for two seconds and are not settled, one for each balance without a failure:
 * a lock has left them out.
 */
const findLeftOut = async ({ db, clock }: LedgerServices): Promise<readonly number[]> => {
  const ids: number[] = [];
  for (const network of await readNetworkStates(db)) {
    const finalBlock = getFinalBlock(network, clock.now() - LEFT_OUT_MS);
    if (network.oldest_block === null || network.oldest_block > finalBlock) continue;
    const { rows } = await sql<{ id: number }>`
      SELECT DISTINCT ON (account_id, currency) id
      FROM (
        SELECT t.id, t.account_id, t.currency FROM chain_transaction t
        WHERE t.network = ${network.network} AND t.status IN ('detected', 'broadcasted')
          AND t.block_number <= ${finalBlock}::bigint
          AND NOT EXISTS (
            SELECT 1 FROM settlement_failure f JOIN chain_transaction x ON x.id = f.id
            WHERE f.kind = 'transaction' AND (x.account_id, x.currency, x.network) =
              (t.account_id, t.currency, t.network))
        ORDER BY t.block_number LIMIT 1000) AS left_out
      LIMIT ${MAX_RETRIES}`.execute(db);
    ids.push(...rows.map(({ id }) => id));
  }
  return ids;
};
