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
import { consoleColumns } from './migrations/0013-console-columns.ts';
import { webhookResponses } from './migrations/0014-webhook-responses.ts';
import { auditCheckpoint } from './migrations/0015-audit-checkpoint.ts';
import type { Database } from './open-database.ts';
import type { Schema } from './schema.ts';
import { StartError } from './start-error.ts';
import { inTransaction } from './transactions.ts';

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
  '0013-console-columns': consoleColumns,
  '0014-webhook-responses': webhookResponses,
  '0015-audit-checkpoint': auditCheckpoint,
};

const runStatements = (statements: readonly string[]): Migration => ({
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});

/**
 * The migrations of a later release, which have nothing left to do. This release runs on their result: a process may
 * restart while the others are upgraded, and an upgrade may be undone.
 */
const findNewerMigrations = async (db: Kysely<Schema>): Promise<typeof MIGRATIONS> => {
  const { rows } = await sql<{ exists: boolean }>`
    SELECT to_regclass('kysely_migration') IS NOT NULL AS exists`.execute(db);
  if (rows[0]?.exists !== true) return {};
  const executed = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(db);
  return Object.fromEntries(
    executed.rows.filter(({ name }) => !Object.hasOwn(MIGRATIONS, name)).map(({ name }) => [name, []]),
  );
};

// The lock of kysely's migrator, which gateways of earlier releases take for their session.
const LOCK_ID = '3853314791062309107';

/**
 * Runs the pending migrations in one transaction. Safe to run from several processes at once: each waits for the one
 * before. The lock belongs to the transaction, since a pooler in transaction mode gives a session to anyone after it.
 */
export const migrate = async (db: Database): Promise<void> => {
  try {
    // Again when a pooler that passes no prepared statements ends it.
    await inTransaction(db, async (transaction) => {
      // Limits of the role are for requests.
      await sql`SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)`.execute(
        transaction,
      );
      await sql`SELECT pg_advisory_xact_lock(${sql.lit(LOCK_ID)}::bigint)`.execute(transaction);
      const migrations = { ...MIGRATIONS, ...(await findNewerMigrations(transaction)) };
      const provider = {
        getMigrations: async () =>
          Object.fromEntries(
            Object.entries(migrations).map(([name, statements]) => [name, runStatements(statements)]),
          ),
      };
      const { error } = await new Migrator({ db: transaction, provider }).migrateToLatest();
      if (error !== undefined) throw error;
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError('migration_failed', `Database migration failed: ${reason}`, { cause: error });
  }
};
