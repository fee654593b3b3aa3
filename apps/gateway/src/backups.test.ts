import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGuideBlock } from '@cpg/test-support/gateway/guide-blocks';
import { createOrders } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, expect, it } from 'vitest';

// A busy machine may take longer than a request may wait.
const PATIENT = '?lock_timeout=60000&statement_timeout=60000';
describeInCi('the backups of the operations guide', () => {
  let postgres: Postgres;
  let gateway: TestGateway;
  let folder: string;
  let databaseUrl: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cpg-backup-'));
    postgres = await startPostgres();
    databaseUrl = postgres.createDatabase('cpg');
    gateway = await startTestGateway({ databaseUrl: databaseUrl + PATIENT, masterKey: 'ab'.repeat(32) });
  });
  afterAll(async () => {
    await gateway.close();
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });
  const order = createOrders();
  const withdraw = async ({ call }: TestGateway, body: object = order()) => {
    const { status, body: envelope } = await call('/v1/withdrawals', { method: 'POST', body });
    const data = envelope.data as { readonly withdrawal_id: number } | undefined;
    return { status, message: envelope.message, id: data?.withdrawal_id ?? 0 };
  };

  it('a dump is restored, its audit is clean, and no id is given twice', async () => {
    const repeated = order();
    const before = await withdraw(gateway, repeated);
    runGuideBlock('dump', { folder, environment: { DATABASE_URL: databaseUrl } });
    const lost = await withdraw(gateway);
    const restoredUrl = new URL(databaseUrl);
    restoredUrl.pathname = '/cpg_restored';
    const environment = { ADMIN_URL: postgres.url, RESTORED_URL: restoredUrl.href };
    expect(
      runGuideBlock('restore', { folder, environment }).match(/^ok {6}/gm)?.length,
    ).toBeGreaterThanOrEqual(7);
    runGuideBlock('skip-ids', { folder, environment });
    const restored = await startTestGateway({
      databaseUrl: restoredUrl.href + PATIENT,
      masterKey: 'ab'.repeat(32),
    });
    // The signatures of the dump are used.
    restored.clock.freeze(restored.clock.now() + 600_000);
    expect(await withdraw(restored, repeated)).toEqual(before);
    const after = await withdraw(restored);
    expect(after.status).toBe(200);
    expect(after.id).toBeGreaterThan(lost.id + 900_000);
    await restored.close();
  });

  // PostgreSQL does not run as root; its programs can read what the guide's commands write.
  it('a physical copy is taken and verified', () => {
    const copy = mkdtempSync(join(tmpdir(), 'cpg-copy-'));
    const owner =
      process.getuid?.() === 0
        ? Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }))
        : undefined;
    if (owner !== undefined) chownSync(copy, owner, owner);
    const environment = { DATABASE_URL: databaseUrl };
    const printed = runGuideBlock('base-backup', { folder: copy, environment, owner });
    expect(printed).toContain('backup successfully verified');
    rmSync(copy, { recursive: true });
  });
});
