import { readFileSync } from 'node:fs';
import { describeWithProgram } from '@cpg/test-support/programs';
import { admissionRequest } from '@cpg/test-support/server-middleware/admission-requests';
import { NOW, recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import { startAdmissionDatabase } from '@cpg/test-support/server-middleware/postgres';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { postgresStore } from './postgres-store.ts';

const DOCUMENTATION = readFileSync(
  new URL('../../../../../apps/docs/packages/server-middleware.md', import.meta.url),
  'utf8',
);
// The rights as the documentation has them, so that exactly what it says is tried.
const DOCUMENTED = [...DOCUMENTATION.matchAll(/^ {4}(GRANT .* TO payments);$/gm)].map(
  ([, grant = '']) => grant,
);

describeWithProgram('postgres', 'postgresStore as a role of its own', () => {
  let database: Awaited<ReturnType<typeof startAdmissionDatabase>>;
  beforeAll(async () => {
    database = await startAdmissionDatabase();
    await database.admin.query('CREATE ROLE payments LOGIN');
  });
  beforeEach(async () => {
    await database.closePools();
    await database.admin.query(
      'REVOKE ALL ON SCHEMA cpg FROM payments; REVOKE ALL ON ALL FUNCTIONS IN SCHEMA cpg FROM payments',
    );
    for (const grant of DOCUMENTED) await database.admin.query(grant);
  });
  afterAll(() => database.stop());
  const open = () => {
    const logger = recordingLogger();
    const pool = database.open({ user: 'payments' });
    return {
      pool,
      logger,
      store: postgresStore(pool, { clock: () => NOW * 1000, deadlineMs: 10_000, logger }),
    };
  };

  it('needs the documented rights, and reads no table', async () => {
    expect(DOCUMENTED).toHaveLength(2);
    const { pool, logger, store } = open();
    expect([await store.admit(admissionRequest(1)), await store.admit(admissionRequest(1))]).toEqual([
      'admitted',
      'replayed',
    ]);
    for (const table of ['signature', 'signature_0', 'admission_count']) {
      await expect(pool.query(`SELECT FROM cpg.${table}`)).rejects.toThrow('permission denied');
    }
    expect((await pool.query(`SELECT cpg.expire(${NOW})`)).rows).toEqual([{ expire: 0 }]);
    expect(logger.lines).toEqual([]);
  });

  it.each([
    'REVOKE USAGE ON SCHEMA cpg FROM payments',
    'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA cpg FROM payments',
  ])('rejects after %s, and says what to grant', async (revoke) => {
    await database.admin.query(revoke);
    await expect(open().store.admit(admissionRequest(2))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining("Fix: grant the pool's role USAGE on the schema and EXECUTE"),
    });
  });

  it('gives no rights to other roles', async () => {
    await database.admin.query('CREATE ROLE other LOGIN');
    await database.admin.query('GRANT USAGE ON SCHEMA cpg TO other');
    const pool = database.open({ user: 'other' });
    await expect(pool.query(`SELECT cpg.expire(${NOW})`)).rejects.toThrow('permission denied for function');
  });
});
