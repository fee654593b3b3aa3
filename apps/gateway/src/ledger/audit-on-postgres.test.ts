import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../config.ts';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { openPersistentDatabase } from '../programs.ts';
import { auditLedger } from './audit.ts';
import { auditSinceLast } from './audit-since-last.ts';
import { moveBalance } from './balances.ts';
import { seedCurrencies } from './currencies.ts';

const open = (databaseUrl: string) => openPersistentDatabase(parseConfig({ DATABASE_URL: databaseUrl }));

describeInCi('audits on PostgreSQL', () => {
  let postgres: Postgres;
  let primary: Database;
  beforeAll(async () => {
    postgres = await startPostgres();
    primary = await open(postgres.url);
    await seedCurrencies(primary);
    await sql`INSERT INTO account VALUES ('acct', 'acct')`.execute(primary);
    await sql`INSERT INTO balance SELECT 'acct', currency, network, 0, 0 FROM currency`.execute(primary);
  });
  afterAll(async () => {
    await primary.destroy();
    await postgres.stop();
  });

  it('waits for transactions that have taken an id and are not visible yet', async () => {
    const credit = (transaction: Kysely<Schema>, currency: string) =>
      moveBalance(transaction as Parameters<typeof moveBalance>[0], {
        ...{ account_id: 'acct', currency, network: currency, kind: 'opening' },
        ...{ balanceDelta: '5', heldDelta: '0', at: new Date() },
      });
    const early = await primary.startTransaction().execute();
    await credit(early, 'BTC');
    await primary.transaction().execute((late) => credit(late, 'ETH'));
    const audit = auditSinceLast(primary);
    const waits = sql<{ count: number }>`SELECT count(*) AS count FROM pg_stat_activity
      WHERE query LIKE '%virtualtransaction%' AND pid <> pg_backend_pid()`;
    await expect.poll(async () => (await waits.execute(primary)).rows[0]?.count).toBeGreaterThan(0);
    await early.commit().execute();
    expect(await audit).toMatchObject({ isFull: false, to: { ledger_entry: 2 } });
    // Otherwise the entry of the first would be missing among those that were verified.
    expect((await auditLedger(primary)).flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('reads a standby, where only the audit of the whole ledger works: it writes nothing', async () => {
    await sql`UPDATE balance SET balance = 6`.execute(primary);
    const standby = await postgres.startStandby('standby');
    const copy = await open(standby.url);
    const [sums] = await auditLedger(copy);
    expect(sums?.count).toBe(4);
    await expect(copy.executeQuery(CompiledQuery.raw('DELETE FROM balance'))).rejects.toThrow('read-only');
    await expect(auditSinceLast(copy)).rejects.toThrow('read-only');
    await copy.destroy();
    await standby.stop();
  });
});
