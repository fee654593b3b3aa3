import { existsSync, openAsBlob, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { type Dialect, Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { claimDataDir } from './claim-data-dir.ts';
import { isConnectionStale, reportOutages } from './database-unavailable.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;

const BIGINT = 20;
// Ids stay far below 2^53. NUMERIC is a string in both drivers.
const parseBigint = (text: string): number => Number(text);

export interface DatabaseLocation {
  /** PostgreSQL URL. @default the embedded database */
  readonly databaseUrl: string | undefined;
  /** Folder of the embedded database. @default in memory */
  readonly dataDir: string | undefined;
  /** Initial content of a new embedded database: the dump of another one. @default an empty database */
  readonly dump?: Blob | undefined;
}

/** Opens PostgreSQL or the embedded PGlite. Outages are thrown as `DatabaseUnavailableError`. */
export const openDatabase = async (location: DatabaseLocation): Promise<Database> => {
  const { databaseUrl } = location;
  return new Kysely<Schema>({
    dialect: databaseUrl === undefined ? await openEmbedded(location) : connectTo(databaseUrl),
  });
};

const connectTo = (databaseUrl: string): Dialect => {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT, parseBigint);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 16,
    connectionTimeoutMillis: 5_000,
    // A statement that waits this long for a lock is better retried.
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
    // Longer than statement_timeout: this limit only applies when the server does not respond at all.
    query_timeout: 15_000,
    keepAlive: true,
    types,
  });
  // A broken connection must not crash the process; its next query reports the error.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    endStaleConnections(client);
  });
  return reportOutages(new PostgresDialect({ pool }));
};

// After a failover the old server may stay up as read-only, and a busy pool would never leave it. Ending the
// client makes the pool drop it on release and connect again.
const endStaleConnections = (client: pg.PoolClient): void => {
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
    const parsers = { [BIGINT]: parseBigint };
    const content = dump ?? (await readInitialContent());
    const pglite =
      dataDir === undefined
        ? await PGlite.create('memory://', { parsers, ...(content && { loadDataDir: content }) })
        : await PGlite.create(await prepareFolder(dataDir, content), { parsers });
    return reportOutages(new PGliteDialect({ pglite }), claim?.release);
  } catch (error) {
    claim?.release();
    throw error;
  }
};

/** Returns the database's folder, filled when it is new. A crash half-way leaves no folder of that name. */
const prepareFolder = async (dataDir: string, content: Blob | undefined): Promise<string> => {
  const folder = join(dataDir, 'database');
  if (content === undefined || existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const pglite = await PGlite.create(partial, { loadDataDir: content });
  await pglite.close();
  renameSync(partial, folder);
  return folder;
};

// Beside this code when it is built; sources use what the last build wrote.
const INITIAL_CONTENT = ['embedded-database.tar', '../../dist/embedded-database.tar'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** An empty database that the build has prepared; without it PGlite creates one, which takes seconds longer. */
const readInitialContent = async (): Promise<Blob | undefined> => {
  const file = INITIAL_CONTENT.find((path) => existsSync(path));
  return file === undefined ? undefined : openAsBlob(file);
};
