import { sql } from 'kysely';
import { DatabaseUnavailableError } from './database-unavailable.ts';
import type { Database } from './open-database.ts';

/** `disk_full`: reads work, writes fail. */
export type DatabaseHealth = 'ok' | 'read_only' | 'disk_full' | 'unreachable';

/** Whether the last write that used more space failed. */
export interface Storage {
  hasFailed: boolean;
}

const storages = new WeakMap<Database, Storage>();

/** Lets {@link checkDatabase} know how writes to a database went. */
export const setStorage = (db: Database, storage: Storage): void => {
  storages.set(db, storage);
};

/** The connections of a pool. */
export interface PoolUse {
  readonly max: number;
  /** Open connections, in use or idle. */
  readonly open: number;
  readonly idle: number;
  /** Statements and transactions that wait for a connection. */
  readonly waiting: number;
}

const pools = new WeakMap<Database, () => PoolUse>();

/** Lets {@link readPoolUse} know the pool of a database. */
export const setPool = (db: Database, read: () => PoolUse): void => {
  pools.set(db, read);
};

/** The use of the connections to PostgreSQL; `undefined` for the embedded database. */
export const readPoolUse = (db: Database): PoolUse | undefined => pools.get(db)?.();

/**
 * Whether the database can serve withdrawals: it responds, can be written to, as it cannot during a failover, and
 * has space.
 */
export const checkDatabase = async (db: Database): Promise<Exclude<DatabaseHealth, 'unreachable'>> => {
  const { rows } = await sql<{ transaction_read_only: string }>`SHOW transaction_read_only`.execute(db);
  if (rows[0]?.transaction_read_only === 'on') return 'read_only';
  const storage = storages.get(db);
  if (storage?.hasFailed !== true) return 'ok';
  // Only after a write has failed: the check itself writes, which no health check should do without need.
  try {
    await db.transaction().execute(async (transaction) => {
      await sql`CREATE TEMPORARY TABLE storage_check ON COMMIT DROP AS
        SELECT repeat(md5(n::text), 60) AS filler FROM generate_series(1, 256) AS n`.execute(transaction);
    });
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) {
      if (error.isStorageFailure) return 'disk_full';
      throw error;
    }
    // The role may not create temporary tables: only writes themselves can tell.
  }
  storage.hasFailed = false;
  return 'ok';
};
