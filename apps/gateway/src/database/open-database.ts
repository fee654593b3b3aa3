import { PGlite } from '@electric-sql/pglite';
import { type Dialect, Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { claimDataDir } from './claim-data-dir.ts';
import { isConnectionStale, reportOutages } from './database-unavailable.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;

const BIGINT = 20;
// Ids stay far below 2^53; NUMERIC stays a string in both drivers.
const readBigint = (text: string): number => Number(text);

export interface DatabaseLocation {
  /** PostgreSQL; the embedded database when absent. */
  readonly databaseUrl: string | undefined;
  /** Folder of the embedded database; in memory when absent. */
  readonly dataDir: string | undefined;
  /** What an embedded database in memory begins with: a dump of another one. */
  readonly dump?: Blob | undefined;
}

/** Opens PostgreSQL or the embedded PGlite behind the same query layer. Outages are `DatabaseUnavailableError`s. */
export const openDatabase = async (location: DatabaseLocation): Promise<Database> => {
  const { databaseUrl } = location;
  return new Kysely<Schema>({
    dialect: databaseUrl === undefined ? await openEmbedded(location) : connectTo(databaseUrl),
  });
};

const connectTo = (databaseUrl: string): Dialect => {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT, readBigint);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 16,
    connectionTimeoutMillis: 5_000,
    // Whatever waits this long for a lock is better asked again.
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
    // Longer than the server's own limit: only a server that cannot be heard is given up by this one.
    query_timeout: 15_000,
    keepAlive: true,
    types,
  });
  // A connection that breaks must not end the process, whether it is idle or lent out: its next query reports it.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    leaveStaleServer(client);
  });
  return reportOutages(new PostgresDialect({ pool }));
};

// After a failover the old server may go on as a read-only one, and a busy pool would keep its connections to it for good. The
// pool drops a client that has ended when it is returned, and connects anew.
const leaveStaleServer = (client: pg.PoolClient): void => {
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  client.query = (async (...parameters: unknown[]) => {
    try {
      return await query(...parameters);
    } catch (error) {
      if (isConnectionStale(error)) (client as unknown as pg.Client).end().catch(() => undefined);
      throw error;
    }
  }) as typeof client.query;
};

const openEmbedded = async ({ dataDir, dump }: DatabaseLocation): Promise<Dialect> => {
  const claim = dataDir === undefined ? undefined : claimDataDir(dataDir);
  try {
    const pglite = await PGlite.create(dataDir === undefined ? 'memory://' : `${dataDir}/database`, {
      parsers: { [BIGINT]: readBigint },
      ...(dump === undefined || dataDir !== undefined ? {} : { loadDataDir: dump }),
    });
    return reportOutages(new PGliteDialect({ pglite }), claim?.release);
  } catch (error) {
    claim?.release();
    throw error;
  }
};
