import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import * as ledger from './migrations/0001-ledger.ts';
import type { Schema } from './schema.ts';

/** Brings the database up to date. Safe to run from several processes at once: the migrator takes a lock. */
export const migrate = async (db: Kysely<Schema>): Promise<void> => {
  const provider = { getMigrations: async () => ({ '0001-ledger': ledger }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw new Error('Database migration failed', { cause: error });
};
