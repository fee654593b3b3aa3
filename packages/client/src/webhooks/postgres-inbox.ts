import { CpgError } from '../errors.ts';
import { checkOptions, type OptionRules, warn } from '../guards.ts';
import { describe, isObject } from '../platform.ts';
import {
  type ClaimResult,
  DEFAULT_RETENTION_MS,
  DEFAULT_TIMEOUT_MS,
  ignoreErrorEvents,
  RETENTION,
  TIMER_MS,
  type WebhookClaim,
  type WebhookInbox,
  withTimeout,
} from './inbox.ts';
import { DEFAULT_TABLE, formatStatements, type PostgresTableOptions, TABLE } from './postgres-inbox-sql.ts';

export type { ClaimResult, WebhookClaim, WebhookInbox } from './inbox.ts';
export { formatPostgresInboxTable, type PostgresTableOptions } from './postgres-inbox-sql.ts';

/**
 * Runs one statement with parameters `$1`, `$2` … and resolves to its rows, or to an object with `rows`. For
 * example a transaction of a query builder: `(text, values) => tx.$queryRawUnsafe(text, ...values)`.
 */
export type PostgresQuery = (text: string, values: unknown[]) => PromiseLike<unknown>;

/** A `Pool` or client of `pg`, a PGlite, or anything else with such a method. */
export interface PostgresQueryable {
  query(text: string, values: unknown[]): PromiseLike<unknown>;
}

/** A client that a pool lends for a transaction. */
export interface PostgresPoolClient extends PostgresQueryable {
  release(destroy?: boolean): void;
}

/** The methods of a `Pool` of `pg` that `transaction` needs. */
export interface PostgresPool extends PostgresQueryable {
  connect(): Promise<PostgresPoolClient>;
}

/** The type of the clients of a pool. */
export type PostgresClientOf<Pool> = Pool extends {
  // As pg's: without and with a callback.
  connect: { (): Promise<infer Client extends PostgresPoolClient>; (callback: never): unknown };
}
  ? PostgresPoolClient extends Client
    ? Pool extends { connect: () => Promise<infer Single extends PostgresPoolClient> }
      ? Single
      : PostgresPoolClient
    : Client
  : PostgresPoolClient;

export interface PostgresInboxOptions extends PostgresTableOptions {
  /** How long a handled event is kept, in milliseconds, at least 40 hours. @default 7 days */
  readonly retentionMs?: number | undefined;
  /** Milliseconds to wait for a reply of PostgreSQL; then the receiver responds 500. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

export interface PostgresInbox extends WebhookInbox {
  /**
   * Marks the event as handled in your own transaction, so that the mark and your writes commit together:
   * exactly once. Pass what runs your statements, a client or a function. Call it anywhere in the
   * transaction; `onEvent` must reject if this does, so that your writes are rolled back.
   *
   * @throws CpgError `callback_failed` if another claim was made meanwhile: another process handles the
   * event.
   */
  completeIn(transaction: PostgresQueryable | PostgresQuery, claim: WebhookClaim): Promise<void>;
}

export interface TransactionalPostgresInbox<Client> extends PostgresInbox {
  /**
   * Runs `work` in a transaction on a client of the pool, and marks the event as handled in the same
   * transaction. Rolls back if `work` rejects or another claim was made meanwhile.
   *
   * @throws CpgError `callback_failed` if another claim was made meanwhile; the error of `work` or of the
   * database.
   */
  transaction<Result>(claim: WebhookClaim, work: (client: Client) => Promise<Result>): Promise<Result>;
}

const RULES: OptionRules<PostgresInboxOptions> = {
  table: TABLE,
  retentionMs: RETENTION,
  timeoutMs: TIMER_MS,
};

/**
 * Shares an inbox among processes through PostgreSQL. Takes a `Pool` of `pg` or anything else with its
 * `query` method, or a function `(text, values) => rows`, and the table of `formatPostgresInboxTable`.
 *
 * Used alone, an event is handled at least once: again only if a process ended, or stalled for longer than its
 * lease, before its mark was stored. With `transaction` or `completeIn`, the mark and your own writes to the
 * same database commit together: exactly once.
 *
 * @throws CpgError `invalid_configuration` for invalid arguments; `callback_failed` from its methods, if
 * PostgreSQL does not reply in time.
 *
 * @example
 * const inbox = postgresInbox(pool);
 * const onEvent = (event, { claim }) =>
 *   inbox.transaction(claim, (client) => client.query('INSERT INTO credit …'));
 */
export function postgresInbox<Pool extends PostgresPool>(
  pool: Pool,
  options?: PostgresInboxOptions,
): TransactionalPostgresInbox<PostgresClientOf<Pool>>;
export function postgresInbox(
  database: PostgresQueryable | PostgresQuery,
  options?: PostgresInboxOptions,
): PostgresInbox;
export function postgresInbox(
  database: PostgresQueryable | PostgresQuery,
  options: PostgresInboxOptions = {},
): PostgresInbox {
  checkOptions('postgresInbox', options, RULES);
  const query = toQuery('postgresInbox', database);
  const {
    table = DEFAULT_TABLE,
    retentionMs = DEFAULT_RETENTION_MS,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  const sql = formatStatements(table);
  const run = (name: keyof typeof sql, values: unknown[]): Promise<unknown> =>
    withTimeout(`postgresInbox: ${name}`, timeoutMs, () => query(sql[name], values));
  const expire = createExpire(query, sql.expire);

  const inbox: PostgresInbox = {
    claim: async ({ eventId, token }, leaseMs) => parseClaim(await run('claim', [eventId, token, leaseMs])),
    complete: async ({ eventId, token }) => {
      const row = findFirstRow(await run('complete', [eventId, token, retentionMs]));
      expire();
      return row?.state === 'held';
    },
    release: async ({ eventId, token }) => void (await run('release', [eventId, token])),
    renew: async ({ eventId, token }, leaseMs) => void (await run('renew', [eventId, token, leaseMs])),
    completeIn: async (transaction, { eventId, token }) => {
      const reply = await toQuery('completeIn', transaction)(sql.completeIn, [eventId, token, retentionMs]);
      if (findFirstRow(reply) === undefined) throw lostClaim(eventId);
    },
  };
  return isPool(database) ? Object.assign(inbox, { transaction: createTransaction(database, inbox) }) : inbox;
}

const createTransaction =
  (pool: PostgresPool, inbox: PostgresInbox) =>
  async <Result>(
    claim: WebhookClaim,
    work: (client: PostgresPoolClient) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect();
    ignoreErrorEvents(client);
    // A connection in an unknown state is closed, which also rolls back.
    let isUsable = false;
    try {
      await client.query('BEGIN', []);
      await inbox.completeIn(client, claim);
      const result = await work(client);
      await client.query('COMMIT', []);
      isUsable = true;
      return result;
    } catch (error) {
      isUsable = await rollBack(client);
      throw error;
    } finally {
      client.release(!isUsable);
    }
  };

const rollBack = async (client: PostgresQueryable): Promise<boolean> => {
  try {
    await client.query('ROLLBACK', []);
    return true;
  } catch {
    return false;
  }
};

const isPool = (value: unknown): value is PostgresPool =>
  isObject(value) && typeof value.connect === 'function' && typeof value.query === 'function';

const toQuery = (name: string, database: PostgresQueryable | PostgresQuery): PostgresQuery => {
  if (typeof database === 'function') return database;
  if (!isObject(database) || typeof database.query !== 'function') {
    throw new CpgError(
      'invalid_configuration',
      `${name} needs a Pool or client of pg, or a function (text, values) => rows: got ${describe(database)}.`,
    );
  }
  if (isPool(database)) ignoreErrorEvents(database);
  return (text, values) => (database as PostgresQueryable).query(text, values);
};

const findFirstRow = (reply: unknown): Readonly<Record<string, unknown>> | undefined => {
  const rows = isObject(reply) && !Array.isArray(reply) ? reply.rows : reply;
  if (!Array.isArray(rows)) {
    throw new CpgError(
      'callback_failed',
      `postgresInbox: query() must return the rows, or an object with rows: got ${describe(reply)}.`,
    );
  }
  return rows[0];
};

const parseClaim = (reply: unknown): ClaimResult => {
  const { state, lease_ends_in_ms: ms } = findFirstRow(reply) ?? {};
  if (state === 'claimed' || state === 'handled') return { state };
  return { state: 'busy', leaseEndsInMs: Math.max(0, Number(ms)) };
};

const lostClaim = (eventId: number): CpgError =>
  new CpgError(
    'callback_failed',
    `postgresInbox: another process has claimed or handled event ${eventId} meanwhile, because onEvent took longer than its lease. Roll back.`,
  );

const EXPIRE_EVERY_MS = 60_000;

/** Returns a function that deletes expired rows in the background, at most once a minute. */
const createExpire = (query: PostgresQuery, text: string): (() => void) => {
  let dueAt = performance.now();
  const run = async (): Promise<void> => void (await query(text, []));
  return () => {
    if (performance.now() < dueAt) return;
    dueAt = performance.now() + EXPIRE_EVERY_MS;
    run().catch((error: unknown) => warn('postgresInbox: deleting expired rows', error));
  };
};
