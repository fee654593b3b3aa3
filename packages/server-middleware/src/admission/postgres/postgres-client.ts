import { ServerMiddlewareError } from '../../errors.ts';
import { type OptionRule, withMethods } from '../../options.ts';
import { isConnectionUnusable, isUnknownStatement } from './postgres-error.ts';

/** The methods used of a client of `pg`. */
export interface PostgresClient {
  query(query: {
    readonly name?: string;
    readonly text: string;
    readonly values?: unknown[];
  }): Promise<{ readonly rows: readonly unknown[] }>;
  on(event: 'error' | 'notice', listener: (message: unknown) => void): unknown;
  /** Returns the client to its pool, or, with `true`, closes its connection. */
  release(destroy?: boolean): void;
}

/** The members used of a `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  on(event: 'error', listener: () => void): unknown;
  readonly options?: { readonly connectionTimeoutMillis?: number | undefined };
}

const aPoolObject = withMethods(['connect', 'on'], 'a pool of pg, new pg.Pool({ … })');

/** A pool whose connection attempts end: otherwise a server that never responds occupies the pool for ever. */
export const aPool: OptionRule = (value) => {
  const expected = aPoolObject(value);
  if (expected !== undefined) return expected;
  const { options } = value as PostgresPool;
  return options === undefined || Number(options.connectionTimeoutMillis) > 0
    ? undefined
    : 'have a connectionTimeoutMillis, e.g. new pg.Pool({ connectionTimeoutMillis: 1000 })';
};

/** A statement that returns one row, prepared by its name. */
export interface PostgresStatement {
  readonly name: string;
  readonly text: string;
  /** Its parameters; `toServerMs` converts milliseconds of `performance.now()` to the server's clock. */
  readonly values: (toServerMs: (ms: number) => number) => unknown[];
}

/** A row of a statement, with the time of the server's clock. */
export interface PostgresRow {
  readonly server_ms: number;
}

/** What is known about a connection. */
interface Session {
  /** The server's clock minus `performance.now()`: too small by the time that the latest reply took, never too large. */
  offsetMs: number;
  /** The latest warning of the server. */
  warning: string | undefined;
}

const SERVER_TIME = 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS server_ms';
// The SQLSTATE of a NOTICE, INFO or LOG; their severities are translated.
const NO_WARNING = '00000';
const ignore = () => undefined;

// One listener for a pool and for a client, however many stores share them.
const guarded = new WeakSet<PostgresPool>();
const sessions = new WeakMap<PostgresClient, Session>();

const getSession = async (client: PostgresClient): Promise<Session> => {
  const known = sessions.get(client);
  if (known !== undefined) return known;
  const session: Session = { offsetMs: 0, warning: undefined };
  // The query in flight reports a lost connection; without a listener the event would end the process.
  client.on('error', ignore);
  client.on('notice', (notice) => {
    const { code, message } = Object(notice) as Readonly<Record<string, unknown>>;
    if (code !== NO_WARNING) session.warning = String(message);
  });
  const { rows } = await client.query({ text: SERVER_TIME });
  session.offsetMs = Number((rows[0] as PostgresRow).server_ms) - performance.now();
  sessions.set(client, session);
  return session;
};

/**
 * Runs statements on the connections of a pool, each until a deadline in milliseconds of `performance.now()`. A connection
 * that has not responded by then is closed, so that a hung server does not keep it.
 */
export class PostgresConnections {
  readonly #pool: PostgresPool;
  #isPreparing = true;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
    if (guarded.has(pool)) return;
    guarded.add(pool);
    // The pool drops a broken idle connection; without a listener the event would end the process.
    pool.on('error', ignore);
  }

  /** Runs a statement in one round trip; before the first one of a connection another compares the clocks. */
  run<Row extends PostgresRow>(statement: PostgresStatement, deadlineAt: number): Promise<Row> {
    return this.#use(deadlineAt, async (client) => {
      const session = await getSession(client);
      session.warning = undefined;
      const values = statement.values((ms) => ms + session.offsetMs);
      const row = (await this.#query(client, { ...statement, values })) as Row;
      session.offsetMs = row.server_ms - performance.now();
      // A server that stops waiting for its standby reports a commit, which the failover may lose, with a warning.
      if (session.warning !== undefined) {
        throw new ServerMiddlewareError('store_unavailable', `PostgreSQL warned: ${session.warning}`);
      }
      return row;
    });
  }

  /** Runs statements without parameters and results. */
  runScript(text: string, deadlineAt: number): Promise<void> {
    return this.#use(deadlineAt, async (client, release) => {
      await getSession(client);
      try {
        await client.query({ text });
      } catch (error) {
        // It may have left a transaction open.
        release(true);
        throw error;
      }
    });
  }

  async #use<Result>(
    deadlineAt: number,
    work: (client: PostgresClient, release: (destroy: boolean) => void) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.#pool.connect();
    let isReleased = false;
    const release = (destroy: boolean) => {
      if (isReleased) return;
      isReleased = true;
      client.release(destroy);
    };
    // The connection may have come too late.
    if (performance.now() >= deadlineAt) {
      release(false);
      throw new ServerMiddlewareError('store_deadline', 'The pool of PostgreSQL had no connection in time.');
    }
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      release(true);
    }, deadlineAt - performance.now());
    try {
      const result = await work(client, release);
      release(false);
      return result;
    } catch (error) {
      release(isConnectionUnusable(error));
      // Not the fault of the connection, which was closed for it.
      if (isLate) throw new ServerMiddlewareError('store_deadline', 'PostgreSQL did not respond in time.');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #query(
    client: PostgresClient,
    { name, text, values }: { readonly name: string; readonly text: string; readonly values: unknown[] },
  ): Promise<unknown> {
    try {
      const { rows } = await client.query(this.#isPreparing ? { name, text, values } : { text, values });
      return rows[0];
    } catch (error) {
      if (!this.#isPreparing || !isUnknownStatement(error)) throw error;
      // A pooler in transaction mode, which has several servers for one connection. The statement did not run.
      this.#isPreparing = false;
      const { rows } = await client.query({ text, values });
      return rows[0];
    }
  }
}
