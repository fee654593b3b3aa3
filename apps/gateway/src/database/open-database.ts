import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { claimDataDir } from './claim-data-dir.ts';
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
}

/** Opens PostgreSQL or the embedded PGlite behind the same query layer. */
export const openDatabase = async ({ databaseUrl, dataDir }: DatabaseLocation): Promise<Database> => {
  if (databaseUrl !== undefined) {
    const types = new pg.TypeOverrides();
    types.setTypeParser(BIGINT, readBigint);
    const pool = new pg.Pool({
      connectionString: databaseUrl,
      max: 16,
      connectionTimeoutMillis: 5_000,
      // Whatever waits this long for a lock is better asked again.
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 30_000,
      types,
    });
    // A connection that breaks must not end the process, whether it is idle or lent out: its next query reports it.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  }
  if (dataDir !== undefined) claimDataDir(dataDir);
  const pglite = await PGlite.create(dataDir === undefined ? 'memory://' : `${dataDir}/database`, {
    parsers: { [BIGINT]: readBigint },
  });
  return new Kysely<Schema>({ dialect: new PGliteDialect({ pglite }) });
};
