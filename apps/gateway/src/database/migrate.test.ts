import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram } from '@cpg/test-support/programs';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';

describeWithProgram('postgres', 'migrate', () => {
  let postgres: Postgres;
  let databaseUrl: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    databaseUrl = postgres.createDatabase('migrated');
  });
  afterAll(() => postgres.stop());
  const open = async () => {
    const db = await openDatabase({ databaseUrl, dataDir: undefined }, { patient: true });
    onTestFinished(() => db.destroy());
    return db;
  };

  it('runs once for processes that start together, and waits however short the limits of the role are', async () => {
    const admin = new pg.Client(postgres.url);
    await admin.connect();
    await admin.query("ALTER DATABASE migrated SET lock_timeout = '1ms'");
    await admin.query("ALTER DATABASE migrated SET statement_timeout = '400ms'");
    await admin.end();
    const databases = [await open(), await open(), await open()];
    await Promise.all(databases.map((db) => migrate(db)));
    const [db] = databases;
    const { rows } = await sql<{ names: number; held: number }>`
      SELECT (SELECT COUNT(DISTINCT name) FROM kysely_migration) AS names,
        (SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory') AS held`.execute(db as never);
    expect(rows).toEqual([{ names: expect.any(Number), held: 0 }]);
    expect(rows[0]?.names).toBeGreaterThan(9);
  });

  it('accepts a database that a later release has migrated', async () => {
    const db = await open();
    await migrate(db);
    const later = '9999-of-a-later-release';
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES (${later}, ${'2027-01-01'})`.execute(db);
    await migrate(db);
    const { rows } = await sql`SELECT name FROM kysely_migration WHERE name = ${later}`.execute(db);
    expect(rows).toHaveLength(1);
  });

  it('changes nothing when a migration fails', async () => {
    databaseUrl = postgres.createDatabase('failed');
    const db = await open();
    await sql`CREATE TABLE webhook_event (id INTEGER)`.execute(db);
    await expect(migrate(db)).rejects.toThrow(
      'Database migration failed: relation "webhook_event" already exists',
    );
    const { rows } = await sql`SELECT to_regclass('account') AS account`.execute(db);
    expect(rows).toEqual([{ account: null }]);
  });
});
