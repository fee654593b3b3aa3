import pg from 'pg';
import { isConnectionStale } from './database-unavailable.ts';
import { isPreparationFailure, type PreparedQuery, PreparedStatements } from './prepared-statements.ts';

const MAX_CONNECTIONS = 16;

/**
 * In milliseconds. A request waits for a connection, then for its statements: together they must end before clients
 * give up. `DATABASE_URL` can override the timeouts of the server, as in `?statement_timeout=10000`.
 */
const TIMEOUTS = {
  /** To get a connection: an idle one, one that another request returns, or a new one. */
  connectionTimeoutMillis: 4_000,
  // Longer than the default `deadlock_timeout` of one second: a deadlock is detected, and retried.
  lock_timeout: 1_500,
  statement_timeout: 3_000,
  // What a frozen process has locked.
  idle_in_transaction_session_timeout: 3_000,
};

/** For programs and migrations, whose statements may take hours. */
const NO_TIMEOUTS = { connectionTimeoutMillis: 10_000, keepAliveInitialDelayMillis: 10_000 };

// A server that runs ends a statement at its own timeout; one that has not done so by then does not respond at all.
const RESPONSE_MARGIN_MS = 500;
// How long the other connections have to respond once one has proven to be silent. With the two limits above, all
// requests use new connections four seconds after the old ones became silent.
const SUSPECT_MS = 500;

export interface PoolOptions {
  readonly types: pg.CustomTypesConfig;
  /** Without time limits, for programs and migrations. */
  readonly patient: boolean;
  /** @default 16 */
  readonly maxConnections?: number | undefined;
}

/** Opens a pool of connections to PostgreSQL that survives outages, frozen servers and silent connections. */
export const openPool = (
  databaseUrl: string,
  { types, patient, maxConnections = MAX_CONNECTIONS }: PoolOptions,
): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(patient ? NO_TIMEOUTS : TIMEOUTS),
    types,
  });
  const open = new Set<pg.PoolClient>();
  const idle = new Set<pg.PoolClient>();
  const lastResponse = new WeakMap<pg.PoolClient, number>();
  const statements = new PreparedStatements();
  // A broken connection must not crash the process; its next query reports the error.
  pool.on('error', () => undefined);
  pool.on('acquire', (client) => void idle.delete(client));
  pool.on('remove', (client) => {
    open.delete(client);
    idle.delete(client);
  });
  pool.on('release', (_error, client) => void idle.add(client));
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    open.add(client);
    lastResponse.set(client, performance.now());
    guardClient(client, {
      statements,
      onResponse: () => lastResponse.set(client, performance.now()),
      onSilence: (sinceMs) => {
        // After a failover all connections to the old server are silent; each would cost a request its timeout.
        const suspects = [...open].filter((other) => (lastResponse.get(other) ?? 0) < sinceMs);
        for (const other of suspects) if (idle.has(other)) destroy(other);
        setTimeout(() => {
          for (const other of suspects) if ((lastResponse.get(other) ?? 0) < sinceMs) destroy(other);
        }, SUSPECT_MS).unref();
      },
    });
  });
  return pool;
};

interface ClientOptions {
  readonly statements: PreparedStatements;
  onResponse(): void;
  /** A query that was sent at this time, as of `performance.now()`, got no response. */
  onSilence(sinceMs: number): void;
}

/** Parts of a client that its types omit. */
interface ClientInternals {
  readonly connection: { readonly stream: { destroy(error: Error): void } };
  readonly connectionParameters: { readonly statement_timeout?: number | string | false };
}

const getInternals = (client: pg.PoolClient) => client as unknown as ClientInternals;

// The error makes the pool drop the client, and reaches the query in flight.
const destroy = (client: pg.PoolClient): void =>
  getInternals(client).connection.stream.destroy(new Error('The database does not respond'));

/**
 * Closes a connection whose server does not respond, is shutting down or has become read-only: after a failover
 * the old server may stay up, and a busy pool would never leave it. The pool replaces the connection.
 */
const guardClient = (client: pg.PoolClient, { statements, onResponse, onSilence }: ClientOptions): void => {
  const submit = client.query.bind(client);
  // Not as a plain object, whose property descriptors pg would copy, at 4 µs a query.
  const send = ({ text, values, name }: PreparedQuery): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const query = new pg.Query(text, [...values], (error, result) =>
        error ? reject(error) : resolve(result),
      );
      submit(Object.assign(query, { name }));
    });
  const query = async (text: string, values: readonly unknown[] = []): Promise<unknown> => {
    const isInTransaction = (client as unknown as pg.Client).getTransactionStatus() !== 'I';
    try {
      return await send(statements.format(text, values));
    } catch (error) {
      if (!isPreparationFailure(error)) throw error;
      statements.learn(error);
      // The failure has ended a transaction: all of it is retried.
      if (isInTransaction) throw error;
      return send(statements.format(text, values));
    }
  };
  const statementTimeoutMs = Number(getInternals(client).connectionParameters.statement_timeout);
  const deadlineMs = statementTimeoutMs > 0 ? statementTimeoutMs + RESPONSE_MARGIN_MS : undefined;
  client.query = (async (text: string, values?: readonly unknown[]) => {
    const sentAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let isSettled = false;
    const expire = () => {
      if (isSettled) return;
      destroy(client);
      onSilence(sentAt);
    };
    // A response may wait to be read when this process was busy until the timer fired.
    if (deadlineMs !== undefined) timer = setTimeout(() => setImmediate(expire), deadlineMs);
    try {
      const result = await query(text, values);
      onResponse();
      return result;
    } catch (error) {
      // The stack of an error that came from a socket does not show who sent the query.
      if (error instanceof Error) Error.captureStackTrace(error);
      if (isConnectionStale(error)) (client as unknown as pg.Client).end().catch(() => undefined);
      throw error;
    } finally {
      isSettled = true;
      clearTimeout(timer);
    }
  }) as typeof client.query;
};
