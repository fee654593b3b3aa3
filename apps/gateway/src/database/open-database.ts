import { existsSync, openAsBlob, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { CompiledQuery, type Dialect, Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { claimDataDir } from './claim-data-dir.ts';
import { type Storage, setPool, setStorage } from './database-health.ts';
import { type OutageEvents, reportOutages, throwOutage, toOutage } from './database-unavailable.ts';
import { migrate } from './migrate.ts';
import { openPool } from './postgres-pool.ts';
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

export interface OpenOptions {
  /** Sets no time limits, for programs and migrations. @default false */
  readonly patient?: boolean;
  /** Of PostgreSQL. @default 16 */
  readonly maxConnections?: number;
}

/** Opens PostgreSQL or the embedded PGlite. Outages are thrown as `DatabaseUnavailableError`. */
export const openDatabase = async (
  location: DatabaseLocation,
  options: OpenOptions = {},
): Promise<Database> => {
  const { databaseUrl } = location;
  const storage: Storage = { hasFailed: false };
  const onStorageFailure = () => {
    storage.hasFailed = true;
  };
  const pool = databaseUrl === undefined ? undefined : connectTo(databaseUrl, options);
  const db = new Kysely<Schema>({
    dialect:
      pool === undefined
        ? await openEmbedded(location, { onStorageFailure })
        : reportOutages(new PostgresDialect({ pool }), { onStorageFailure }),
  });
  setStorage(db, storage);
  if (pool !== undefined) {
    runners.set(db, createRunner(pool, { onStorageFailure }));
    setPool(db, () => {
      const { totalCount: open, idleCount: idle, waitingCount: waiting } = pool;
      return { max: pool.options.max, open, idle, waiting };
    });
  }
  return db;
};

type Run = (text: string, values: readonly unknown[]) => Promise<unknown[]>;

const runners = new WeakMap<Database, Run>();

/**
 * Runs a statement with a constant text, outside a transaction, and returns its rows. On PostgreSQL it does not pass the
 * query builder, which takes 10 µs a statement for what such a statement does not need. Outages are thrown as
 * `DatabaseUnavailableError`.
 */
export const runStatement = async <Row>(
  db: Database,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> => {
  const run = runners.get(db);
  if (run !== undefined) return run(text, values) as Promise<Row[]>;
  return (await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;
};

const createRunner =
  (pool: pg.Pool, events: OutageEvents): Run =>
  async (text, values) => {
    const client = await pool.connect().catch(throwOutage);
    try {
      return (await client.query(text, values as unknown[])).rows;
    } catch (error) {
      throw toOutage(error, events);
    } finally {
      client.release();
    }
  };

/**
 * Opens a database, runs the pending migrations and `prepare`. On PostgreSQL both use connections without time
 * limits: another process that starts may be doing the same, and this one waits for it.
 */
export const openPreparedDatabase = async (
  location: DatabaseLocation,
  prepare: (db: Database) => Promise<void>,
): Promise<Database> => {
  const db = await openDatabase(location, { patient: true });
  try {
    await migrate(db);
    await prepare(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  if (location.databaseUrl === undefined) return db;
  await db.destroy();
  const limited = await openDatabase(location);
  try {
    // A pooler may reject the time limits.
    await sql`SELECT 1`.execute(limited);
    return limited;
  } catch (error) {
    await limited.destroy();
    throw error;
  }
};

const connectTo = (databaseUrl: string, { patient = false, maxConnections }: OpenOptions): pg.Pool => {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT, parseBigint);
  return openPool(databaseUrl, { types, patient, maxConnections });
};

const openEmbedded = async ({ dataDir, dump }: DatabaseLocation, events: OutageEvents): Promise<Dialect> => {
  const claim = dataDir === undefined ? undefined : claimDataDir(dataDir);
  try {
    const parsers = { [BIGINT]: parseBigint };
    const content = dump ?? (await readInitialContent());
    const pglite =
      dataDir === undefined
        ? await PGlite.create('memory://', { parsers, ...(content && { loadDataDir: content }) })
        : await PGlite.create(await prepareFolder(dataDir, content), { parsers });
    return reportOutages(new PGliteDialect({ pglite }), { ...events, onDestroy: claim?.release });
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
