import type { DatabaseConnection, Dialect, Driver } from 'kysely';
import { isPreparationFailure } from './prepared-statements.ts';

/** The database is temporarily unavailable: the same request can succeed later. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  /** The middleware's error handler responds with this status and `Retry-After`. Wire protocol §3. */
  readonly status = 503;
  /** The SQLSTATE, if the database sent one. */
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(`The database is unavailable: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.code = sqlState(cause);
  }

  /** Whether the server has no space or memory, or cannot write: reads may still work. */
  get isStorageFailure(): boolean {
    return STORAGE_STATE.test(this.code ?? '');
  }
}

/** Whether an error, or one of its causes, is a {@link DatabaseUnavailableError}. */
export const isDatabaseUnavailable = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableError ||
  (error instanceof Error && error.cause !== undefined && isDatabaseUnavailable(error.cause));

// Matched by class, because servers and poolers add codes. Classes: connection (08), authorization (28,
// during a failover or a password change), resources (53), operator intervention (57), system (58). Single
// codes: read-only, idle and transaction timeouts, unknown database, serialization failure, unknown
// completion, deadlock, in use, lock timeout.
const UNAVAILABLE_STATE = /^(?:(?:08|28|53|57|58)...|25006|25P03|25P04|3D000|40001|40003|40P01|55006|55P03)$/;
const STORAGE_STATE = /^(?:53100|53200|58...)$/;
const SQL_STATE = /^[0-9A-Z]{5}$/;

const sqlState = (error: unknown): string | undefined => {
  const { code, severity } = Object(error) as { readonly code?: unknown; readonly severity?: unknown };
  // EPIPE has the format of an SQLSTATE, but only errors of the server have a severity.
  return typeof code === 'string' && SQL_STATE.test(code) && severity !== undefined ? code : undefined;
};

/**
 * Whether a failed query means an outage. The server reports invalid queries with an SQLSTATE. An error
 * without one comes from the connection, unless it is a TypeError, RangeError or SyntaxError of our own code.
 */
export const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (isPreparationFailure(error)) return true;
  const state = sqlState(error);
  if (state !== undefined) return UNAVAILABLE_STATE.test(state);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
};

/** Whether to close the connection: its server is shutting down, or has become read-only. */
export const isConnectionStale = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined ? isOutage(error) : /^(?:08...|25006|25P03|25P04|57P0.)$/.test(state);
};

export interface OutageEvents {
  /** A statement failed because the server has no space or memory, or cannot write. */
  readonly onStorageFailure?: (() => void) | undefined;
  readonly onDestroy?: (() => void) | undefined;
}

/** Throws the error of a pool: without a connection no statement ran, so every failure is an outage. */
export const throwOutage = (error: unknown): never => {
  throw new DatabaseUnavailableError(error);
};

/** What to throw for the error of a statement. */
export const toOutage = (error: unknown, { onStorageFailure }: OutageEvents): unknown => {
  if (!isOutage(error)) return error;
  const outage = new DatabaseUnavailableError(error);
  if (outage.isStorageFailure) onStorageFailure?.();
  return outage;
};

/** Wraps a dialect: every outage throws a {@link DatabaseUnavailableError}. */
export const reportOutages = (dialect: Dialect, events: OutageEvents = {}): Dialect => ({
  createAdapter: () => {
    const adapter = dialect.createAdapter();
    // `migrate` has a lock of its own.
    adapter.acquireMigrationLock = async () => undefined;
    adapter.releaseMigrationLock = async () => undefined;
    return adapter;
  },
  createIntrospector: (db) => dialect.createIntrospector(db),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createDriver: () => guardDriver(dialect.createDriver(), events),
});

// Methods are overridden on the instances, because drivers recognise their connections by private members.
const guardDriver = (driver: Driver, events: OutageEvents): Driver => {
  const guarded = new WeakSet<DatabaseConnection>();
  const acquire = driver.acquireConnection.bind(driver);
  const destroy = driver.destroy.bind(driver);
  driver.acquireConnection = async (options) => {
    const connection = await acquire(options).catch(throwOutage);
    if (!guarded.has(connection)) guardConnection(connection, events);
    guarded.add(connection);
    return connection;
  };
  driver.destroy = async (options) => {
    try {
      await destroy(options);
    } finally {
      events.onDestroy?.();
    }
  };
  return driver;
};

const guardConnection = (connection: DatabaseConnection, events: OutageEvents): void => {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async (query, options) => {
    try {
      return await execute(query, options);
    } catch (error) {
      throw toOutage(error, events);
    }
  };
};
