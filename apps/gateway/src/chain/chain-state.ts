import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { getBlockHeight, type LedgerServices, type NetworkRow } from '../ledger/networks.ts';

/** A network and its transactions in flight. */
export interface NetworkState extends NetworkRow {
  /** The oldest and the newest block of a transaction in flight. */
  readonly oldest_block: number | null;
  readonly newest_block: number | null;
  /** When the oldest withdrawal that waits for its broadcast was requested. */
  readonly pending_since: Date | null;
  /** Whether something failed to settle or to be broadcast, in any network. */
  readonly has_failures: boolean;
}

/** Reads the state of all networks in one cheap query. */
export const readNetworkStates = async (db: Database): Promise<readonly NetworkState[]> => {
  const { rows } = await sql<NetworkState>`
    SELECT n.*,
      (SELECT MIN(block_number) FROM chain_transaction t
        WHERE t.network = n.network AND t.status IN ('detected', 'broadcasted')) AS oldest_block,
      (SELECT MAX(block_number) FROM chain_transaction t
        WHERE t.network = n.network AND t.status IN ('detected', 'broadcasted')) AS newest_block,
      (SELECT MIN(requested_at) FROM withdrawal
        WHERE status = 'pending' AND NOT chain_paused) AS pending_since,
      EXISTS (SELECT FROM settlement_failure) AS has_failures
    FROM network n`.execute(db);
  return rows;
};

/** The newest block in which a transaction is final. */
export const getFinalBlock = (network: NetworkRow, nowMs: number): number =>
  getBlockHeight(network, nowMs) - network.required_confirmations + 1;

/** Milliseconds since the oldest transaction that is not settled became final, in any process; 0 without one. */
export const measureSettlementLag = async ({ db, clock }: LedgerServices): Promise<number> => {
  const now = clock.now();
  const lags = (await readNetworkStates(db)).flatMap((network) => [
    network.oldest_block === null ? 0 : now - getFinalTime(network, network.oldest_block),
    network.pending_since === null ? 0 : now - network.pending_since.getTime(),
  ]);
  return Math.max(0, ...lags);
};

/** What there is to do in all networks. */
export interface ChainOutlook {
  /** Milliseconds until something is to be settled; infinite when nothing is in flight. */
  readonly nextMs: number;
  /** Whether something has failed, or was left out, so that it may have to be tried again. */
  readonly hasRetries: boolean;
}

/** The outlook at a time; what is final for more than `leftOutMs` was left out. */
export const getOutlook = (
  states: readonly NetworkState[],
  nowMs: number,
  leftOutMs: number,
): ChainOutlook => ({
  nextMs: getTimeToNext(states, nowMs),
  hasRetries:
    states.some(({ has_failures }) => has_failures) || getTimeToNext(states, nowMs - leftOutMs) === 0,
});

/** Milliseconds until the oldest transaction in flight is final; 0 when something waits, infinite without any. */
const getTimeToNext = (states: readonly NetworkState[], nowMs: number): number =>
  Math.min(
    ...states.map((network) => {
      if (network.pending_since !== null) return 0;
      if (network.oldest_block === null) return Number.POSITIVE_INFINITY;
      return Math.max(0, getFinalTime(network, network.oldest_block) - nowMs);
    }),
  );

const getFinalTime = (network: NetworkRow, block: number): number =>
  (block + network.required_confirmations - 1 - network.mined_ahead) * network.block_interval_ms;

// Clocks of processes differ by less.
const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Moves transactions that were broadcast while the clock was ahead to the block in which they would be had it not
 * been: when the clock is set back, they must not wait until it gets there again.
 */
export const bringBackFromFuture = async (
  { db, clock }: LedgerServices,
  network: NetworkState,
): Promise<void> => {
  const now = clock.now();
  const height = getBlockHeight(network, now);
  if (network.newest_block === null || network.newest_block <= height + 1) return;
  const heightThen = sql`(floor(extract(epoch FROM created_at) * 1000 / ${network.block_interval_ms})::bigint
    + ${network.mined_ahead}::bigint)`;
  await sql`
    UPDATE chain_transaction SET block_number = block_number - (${heightThen} - ${height}::bigint)
    WHERE id IN (
      SELECT id FROM chain_transaction
      WHERE network = ${network.network} AND status IN ('detected', 'broadcasted')
        AND block_number > ${height + 1}::bigint
        AND created_at > ${new Date(now + MAX_CLOCK_SKEW_MS)}
        -- Once moved, it is not moved again.
        AND block_number > ${heightThen}
      FOR UPDATE SKIP LOCKED)`.execute(db);
};
