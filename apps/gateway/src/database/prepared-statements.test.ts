import { hash } from 'node:crypto';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram } from '@cpg/test-support/programs';
import { CompiledQuery, sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Database, openDatabase } from './open-database.ts';
import { inTransaction } from './transactions.ts';

const TEXT = 'SELECT *, $1::int AS asked FROM item';
const query = () => CompiledQuery.raw(TEXT, [7]);

describeWithProgram('postgres', 'prepared statements', () => {
  let postgres: Postgres;
  let db: Database;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    // One connection: the test changes what it knows.
    db = await openDatabase({ databaseUrl: postgres.url, dataDir: undefined }, { maxConnections: 1 });
    await sql`CREATE TABLE item AS SELECT 1 AS id`.execute(db);
    for (let count = 0; count < 3; count += 1) await db.executeQuery(query());
  });
  afterEach(async () => {
    await sql`DROP TABLE item`.execute(db);
    await db.destroy();
  });

  const findNames = async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT name FROM pg_prepared_statements WHERE statement = ${sql.lit(TEXT)}`.execute(db);
    return rows.map(({ name }) => name);
  };
  /** Runs the query by itself, and in a transaction that has already written. */
  const runBoth = async () => {
    const { rows } = await db.executeQuery(query());
    const inside = await inTransaction(db, async (transaction) => {
      await sql`UPDATE item SET id = id`.execute(transaction);
      return (await transaction.executeQuery(query())).rows;
    });
    return [rows, inside];
  };

  it('a statement that comes again is prepared', async () => {
    expect(await findNames()).toEqual([expect.stringMatching(/^cpg_0_[0-9a-f]{24}$/)]);
  });

  it.each(['first by itself', 'first in a transaction'])(
    'a column that a migration adds fails nothing, %s',
    async (order) => {
      await sql`ALTER TABLE item ADD COLUMN name TEXT`.execute(db);
      const row = { id: 1, name: null, asked: 7 };
      if (order === 'first in a transaction')
        expect(await inTransaction(db, async (inside) => (await inside.executeQuery(query())).rows)).toEqual([
          row,
        ]);
      expect(await runBoth()).toEqual([[row], [row]]);
      await runBoth();
      expect(await findNames()).toContainEqual(expect.stringMatching(/^cpg_1_/));
    },
  );

  it('a pooler whose server connection does not know a statement fails nothing, and none is prepared from then on', async () => {
    await sql`DEALLOCATE ALL`.execute(db);
    const row = { id: 1, asked: 7 };
    const inside = await inTransaction(
      db,
      async (transaction) => (await transaction.executeQuery(query())).rows,
    );
    expect(inside).toEqual([row]);
    expect(await runBoth()).toEqual([[row], [row]]);
    await runBoth();
    expect(await findNames()).toEqual([]);
  });

  it('nor does one on which another client has prepared the same statement', async () => {
    const text = 'SELECT $1::int AS asked';
    const name = `cpg_0_${hash('sha256', text, 'hex').slice(0, 24)}`;
    await sql`PREPARE ${sql.raw(name)} AS ${sql.raw(text)}`.execute(db);
    for (let asked = 0; asked < 4; asked += 1)
      expect((await db.executeQuery(CompiledQuery.raw(text, [asked]))).rows).toEqual([{ asked }]);
  });
});
