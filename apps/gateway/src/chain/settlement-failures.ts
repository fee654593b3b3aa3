import { sql } from 'kysely';
import type { Logger } from 'pino';
import { DatabaseUnavailableError, isDatabaseUnavailable } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';

const MAX_BACKOFF_SECONDS = 30;
const MAX_ERROR_LENGTH = 500;

/** Transactions that could not be settled, or withdrawals that could not be broadcast. */
export interface Failed {
  readonly kind: 'transaction' | 'withdrawal';
  readonly ids: readonly number[];
  readonly error: unknown;
}

// Lock timeout, statement timeout, serialization failure, deadlock: the row is at fault, not the database.
const ROW_STATES: readonly unknown[] = ['55P03', '57014', '40001', '40P01'];

/** Whether an error concerns the row alone. The others mean that no row can be settled now. */
export const isRowFailure = (error: unknown): boolean =>
  !isDatabaseUnavailable(error) ||
  (error instanceof DatabaseUnavailableError && ROW_STATES.includes(error.code));

const isLockTimeout = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableError && error.code === '55P03';

/** The alarm of a failure, for the operator: the `code` of the log line. */
const ALARMS = { transaction: 'settlement_failed', withdrawal: 'broadcast_failed' } as const;

/** Records failures and logs them. They are tried again after one second, then after twice as long, up to 30 s. */
export const recordFailures = async (
  db: Database,
  logger: Logger,
  { kind, ids, error }: Failed,
): Promise<void> => {
  const text = (error instanceof Error ? error.message : String(error)).slice(0, MAX_ERROR_LENGTH);
  const { rows } = await sql<{ id: number; attempts: number; retry_at: Date }>`
    INSERT INTO settlement_failure AS f (kind, id, attempts, retry_at, error)
    SELECT ${kind}, id, 1, now() + interval '1 second', ${text} FROM unnest(${ids}::bigint[]) AS id
    ON CONFLICT (kind, id) DO UPDATE SET
      attempts = f.attempts + 1,
      retry_at = now() + LEAST(2 ^ LEAST(f.attempts, 10), ${MAX_BACKOFF_SECONDS}) * interval '1 second',
      error = EXCLUDED.error
    RETURNING id, attempts, retry_at`.execute(db);
  for (const { id, attempts, retry_at } of rows) {
    logger.error(
      { code: ALARMS[kind], [`${kind}_id`]: id, attempts, retryAt: retry_at, err: error },
      kind === 'transaction'
        ? `transaction ${id} cannot be settled; will retry`
        : `withdrawal ${id} cannot be broadcast; will retry`,
    );
  }
};

/** Forgets a failure: what failed has succeeded. */
export const clearFailure = async (db: Database, kind: Failed['kind'], id: number): Promise<void> => {
  await db.deleteFrom('settlement_failure').where('kind', '=', kind).where('id', '=', id).execute();
};

/** Whether a failure is to be expected for all transactions of the account, so that one attempt is enough. */
export const isSharedByAccount = isLockTimeout;

export interface Retry {
  readonly kind: Failed['kind'];
  readonly id: number;
}

/** Finds failures to try again, one for each account: those of one account often wait for the same lock. */
export const findRetries = async (db: Database, limit: number): Promise<readonly Retry[]> => {
  const { rows } = await sql<Retry>`
    SELECT DISTINCT ON (COALESCE(t.account_id, w.account_id)) f.kind, f.id
    FROM settlement_failure f
    LEFT JOIN chain_transaction t ON f.kind = 'transaction' AND t.id = f.id
    LEFT JOIN withdrawal w ON f.kind = 'withdrawal' AND w.id = f.id
    -- A clock of the database that was set back must not delay a retry for longer than planned.
    WHERE f.retry_at <= now() OR f.retry_at > now() + ${MAX_BACKOFF_SECONDS} * interval '1 second'
    ORDER BY COALESCE(t.account_id, w.account_id), f.retry_at
    LIMIT ${limit}`.execute(db);
  return rows;
};

/** Counts the transactions and broadcasts that failed and are tried again. */
export const countFailures = async (db: Database): Promise<number> => {
  const { count } = await db
    .selectFrom('settlement_failure')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};
