import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { accounts } from './migrations/0001-accounts.ts';
import { ledger } from './migrations/0002-ledger.ts';
import { webhooks } from './migrations/0003-webhooks.ts';
import type { Schema } from './schema.ts';

const MIGRATIONS = { '0001-accounts': accounts, '0002-ledger': ledger, '0003-webhooks': webhooks };

/** Brings the database up to date. Safe to run from several processes at once: the migrator takes a lock. */
export const migrate = async (db: Kysely<Schema>): Promise<void> => {
  const provider = { getMigrations: async () => MIGRATIONS };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new Error(`Database migration failed: ${reason}`, { cause: error });
};
