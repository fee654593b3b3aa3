import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram } from '@cpg/test-support/programs';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DatabaseUnavailableError } from './database-unavailable.ts';
import { type Database, openDatabase } from './open-database.ts';
import { inTransaction } from './transactions.ts';

describeWithProgram('postgres', 'inTransaction', () => {
  let postgres: Postgres;
  let db: Database;
  beforeAll(async () => {
    postgres = await startPostgres();
    db = await openDatabase({ databaseUrl: postgres.createDatabase('conflicts'), dataDir: undefined });
    await sql`CREATE TABLE pair (id INTEGER PRIMARY KEY, touched INTEGER NOT NULL)`.execute(db);
    await sql`INSERT INTO pair VALUES (1, 0), (2, 0)`.execute(db);
  });
  afterAll(async () => {
    await db.destroy();
    await postgres.stop();
  });

  it('retries the victim of a deadlock', async () => {
    let runs = 0;
    let arrived = 0;
    let meet: () => void;
    const bothArrived = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const touch = (first: number, second: number) =>
      inTransaction(db, async (transaction) => {
        runs += 1;
        await sql`UPDATE pair SET touched = touched + 1 WHERE id = ${first}`.execute(transaction);
        arrived += 1;
        if (arrived === 2) meet();
        await bothArrived;
        await sql`UPDATE pair SET touched = touched + 1 WHERE id = ${second}`.execute(transaction);
      });
    await Promise.all([touch(1, 2), touch(2, 1)]);
    const { rows } = await sql<{ touched: number }>`SELECT touched FROM pair`.execute(db);
    expect(rows).toEqual([{ touched: 2 }, { touched: 2 }]);
    // On a busy machine the retry can be in time for another deadlock.
    expect(runs).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['40001', 5],
    ['25006', 1],
  ])('gives %s up after %i runs, as an outage', async (state, expected) => {
    let runs = 0;
    const failing = inTransaction(db, async (transaction) => {
      runs += 1;
      await sql`DO ${sql.raw(`$$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${state}'; END $$`)}`.execute(
        transaction,
      );
    });
    await expect(failing).rejects.toThrow(DatabaseUnavailableError);
    expect(runs).toBe(expected);
  });

  it('rethrows errors that are not outages', async () => {
    const failing = inTransaction(db, (transaction) => sql`SELECT nothing`.execute(transaction));
    await expect(failing).rejects.toMatchObject({ code: '42703' });
  });
});
