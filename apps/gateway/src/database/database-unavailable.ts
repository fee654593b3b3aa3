import type { DatabaseConnection, Dialect, Driver } from 'kysely';

/** The database cannot do this work now, while nothing is wrong with the work: the same request can succeed later. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  /** The middleware's error handler sends 503 for it, with `Retry-After`. Wire protocol §3. */
  readonly status = 503;
  /** The SQLSTATE, when the database sent one. */
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(`The database is unavailable: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.code = sqlState(cause);
  }
}

/** Whether a thrown value says, itself or through its causes, that the database is unavailable. */
export const isDatabaseUnavailable = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableError ||
  (error instanceof Error && error.cause !== undefined && isDatabaseUnavailable(error.cause));

// By class, as servers and poolers add codes: connection, resources, operator intervention and timeouts, system; access refused
// (during a failover or a change of passwords); and of other classes read-only, time limits, no such database, serialization
// failure, deadlock, unknown completion, lock timeout.
const UNAVAILABLE_STATE = /^(?:(?:08|28|53|57|58)...|25006|25P03|25P04|3D000|40001|40003|40P01|55006|55P03)$/;
const SQL_STATE = /^[0-9A-Z]{5}$/;

const sqlState = (error: unknown): string | undefined => {
  const { code, severity } = Object(error) as { readonly code?: unknown; readonly severity?: unknown };
  // EPIPE has the form of an SQLSTATE; only what the server sends has a severity.
  return typeof code === 'string' && SQL_STATE.test(code) && severity !== undefined ? code : undefined;
};

/**
 * Whether what a query failed with is an outage. The server names every fault of a query with an SQLSTATE; an error without one
 * comes from the connection, or from our own code when it is one of the language's errors.
 */
export const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const state = sqlState(error);
  if (state !== undefined) return UNAVAILABLE_STATE.test(state);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
};

/** Whether to give up the connection: its server no longer serves it, or has become one that cannot be written to. */
export const isConnectionStale = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined ? isOutage(error) : /^(?:08...|25006|25P03|25P04|57P0.)$/.test(state);
};

/** A dialect whose every outage is a {@link DatabaseUnavailableError}, whichever part of the gateway runs the query. */
export const reportOutages = (dialect: Dialect, onDestroy: () => void = () => undefined): Dialect => ({
  createAdapter: () => dialect.createAdapter(),
  createIntrospector: (db) => dialect.createIntrospector(db),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createDriver: () => guardDriver(dialect.createDriver(), onDestroy),
});

// Overridden on the instances: the drivers recognise their own connections by private members.
const guardDriver = (driver: Driver, onDestroy: () => void): Driver => {
  const guarded = new WeakSet<DatabaseConnection>();
  const acquire = driver.acquireConnection.bind(driver);
  const destroy = driver.destroy.bind(driver);
  driver.acquireConnection = async (options) => {
    // Without a connection nothing was executed, whatever the reason.
    const connection = await acquire(options).catch((error: unknown) => {
      throw new DatabaseUnavailableError(error);
    });
    if (!guarded.has(connection)) guardConnection(connection);
    guarded.add(connection);
    return connection;
  };
  driver.destroy = async (options) => {
    try {
      await destroy(options);
    } finally {
      onDestroy();
    }
  };
  return driver;
};

const guardConnection = (connection: DatabaseConnection): void => {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async (query, options) => {
    try {
      return await execute(query, options);
    } catch (error) {
      throw isOutage(error) ? new DatabaseUnavailableError(error) : error;
    }
  };
};
