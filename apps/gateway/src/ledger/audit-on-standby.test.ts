import { startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { CompiledQuery, sql } from 'kysely';
import { expect, it } from 'vitest';
import { parseConfig } from '../config.ts';
import { openPersistentDatabase } from '../programs.ts';
import { auditLedger } from './audit.ts';
import { seedCurrencies } from './currencies.ts';

const open = (databaseUrl: string) => openPersistentDatabase(parseConfig({ DATABASE_URL: databaseUrl }));

describeInCi('a standby of the database', () => {
  it('can be audited: the audit writes nothing', async () => {
    const postgres = await startPostgres();
    const primary = await open(postgres.url);
    await seedCurrencies(primary);
    await sql`INSERT INTO account VALUES ('acct', 'acct')`.execute(primary);
    await sql`INSERT INTO balance SELECT 'acct', currency, network, 5, 0 FROM currency`.execute(primary);
    const standby = await postgres.startStandby('standby');
    const copy = await open(standby.url);
    const [sums] = await auditLedger(copy);
    expect(sums?.count).toBe(4);
    await expect(copy.executeQuery(CompiledQuery.raw('DELETE FROM balance'))).rejects.toThrow('read-only');
    await Promise.all([primary.destroy(), copy.destroy()]);
    await standby.stop();
    await postgres.stop();
  });
});
