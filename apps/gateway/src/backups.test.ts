import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createOrders } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi, findPostgresPrograms } from '@cpg/test-support/programs';
import { afterAll, beforeAll, expect, it } from 'vitest';

// A busy machine may take longer than a request may wait.
const PATIENT = '?lock_timeout=60000&statement_timeout=60000';
const GUIDE = fileURLToPath(new URL('../docs/operating.md', import.meta.url));
const AUDIT = fileURLToPath(new URL('audit.ts', import.meta.url));
// In the guide, the program is started as its users do, which builds it first.
const PRELUDE = `npm() { "$NODE" --conditions=@cpg/source --disable-warning=ExperimentalWarning '${AUDIT}'; }`;

/** Runs a code block of the operations guide with bash. */
const runBlock = (name: string, { folder, owner, ...environment }: BlockOptions): string => {
  const script = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]+?)^\`\`\`$`, 'm').exec(
    readFileSync(GUIDE, 'utf8'),
  )?.[1];
  if (script === undefined) throw new Error(`The guide has no block "sh ${name}".`);
  const PATH = `${findPostgresPrograms() ?? ''}:${process.env.PATH}`;
  return execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', `${PRELUDE}\n${script}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH, NODE: process.execPath, ...environment },
    ...(owner === undefined ? {} : { uid: owner, gid: owner }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

interface BlockOptions extends Readonly<Record<string, string | number | undefined>> {
  readonly folder: string;
  /** The user id. @default that of this process */
  readonly owner?: number;
}

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
    runBlock('dump', { folder, DATABASE_URL: databaseUrl });
    const lost = await withdraw(gateway);
    const restoredUrl = new URL(databaseUrl);
    restoredUrl.pathname = '/cpg_restored';
    const variables = { folder, ADMIN_URL: postgres.url, RESTORED_URL: restoredUrl.href };
    expect(runBlock('restore', variables).match(/^ok {6}/gm)?.length).toBeGreaterThanOrEqual(7);
    runBlock('skip-ids', variables);
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
    const options = { folder: copy, DATABASE_URL: databaseUrl, ...(owner === undefined ? {} : { owner }) };
    expect(runBlock('base-backup', options)).toContain('backup successfully verified');
    rmSync(copy, { recursive: true });
  });
});
