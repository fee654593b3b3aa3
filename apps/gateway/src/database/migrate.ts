import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { accounts } from './migrations/0001-accounts.ts';
import { ledger } from './migrations/0002-ledger.ts';
import { webhooks } from './migrations/0003-webhooks.ts';
import { requestSignatures } from './migrations/0004-request-signatures.ts';
import { settlementFailures } from './migrations/0005-settlement-failures.ts';
import { webhookEndpointHealth } from './migrations/0006-webhook-endpoint-health.ts';
import { masterKeyCheck } from './migrations/0007-master-key-check.ts';
import { singleStatementWithdrawals } from './migrations/0008-single-statement-withdrawals.ts';
import { keyVersions } from './migrations/0009-key-versions.ts';
import { depositReversals } from './migrations/0010-deposit-reversals.ts';
import { apiKeyVersion } from './migrations/0011-api-key-version.ts';
import { indexesForGrowth } from './migrations/0012-indexes-for-growth.ts';
import type { Schema } from './schema.ts';

const MIGRATIONS: Readonly<Record<string, readonly string[]>> = {
  '0001-accounts': accounts,
  '0002-ledger': ledger,
  '0003-webhooks': webhooks,
  '0004-request-signatures': requestSignatures,
  '0005-settlement-failures': settlementFailures,
  '0006-webhook-endpoint-health': webhookEndpointHealth,
  '0007-master-key-check': masterKeyCheck,
  '0008-single-statement-withdrawals': singleStatementWithdrawals,
  '0009-key-versions': keyVersions,
  '0010-deposit-reversals': depositReversals,
  '0011-api-key-version': apiKeyVersion,
  '0012-indexes-for-growth': indexesForGrowth,
};

const runStatements = (statements: readonly string[]): Migration => ({
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});

/** Runs the pending migrations. Safe to run from several processes at once: the migrator takes a lock. */
export const migrate = async (db: Kysely<Schema>): Promise<void> => {
  const migrations = Object.entries(MIGRATIONS).map(
    ([name, statements]) => [name, runStatements(statements)] as const,
  );
  const provider = { getMigrations: async () => Object.fromEntries(migrations) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new Error(`Database migration failed: ${reason}`, { cause: error });
};
