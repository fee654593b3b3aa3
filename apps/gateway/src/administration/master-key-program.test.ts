import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runAdministration } from '@cpg/test-support/gateway/administration';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../config.ts';
import { createSecretBox } from '../database/secret-box.ts';
import { countSecrets } from '../keys/sealed-secrets.ts';
import { masterKeyProgram } from './master-key-program.ts';

const [OLD, NEW] = ['ab'.repeat(32), 'cd'.repeat(32)];
const createBox = (key: string, ...others: readonly string[]) =>
  createSecretBox(
    Buffer.from(key, 'hex'),
    others.map((other) => Buffer.from(other, 'hex')),
  );
const [OLD_VERSION, NEW_VERSION] = [createBox(OLD).keyVersion, createBox(NEW).keyVersion];
const WAIT = { timeout: 60_000, interval: 20 };

describe('gateway:master-key', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ masterKey: OLD });
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());
  const run = (box: TestGateway['box'], ...parameters: readonly string[]) =>
    runAdministration({ ...gateway, box }, masterKeyProgram, parameters);

  it('counts the secrets of each key, and re-encrypts all of them', async () => {
    const [{ secrets } = { secrets: 0 }] = await countSecrets(gateway.db);
    const during = createBox(NEW, OLD);
    expect(await run(during, 'status')).toBe(
      `${NEW_VERSION}  0 secret(s)  CPG_MASTER_KEY, or master.key\n${OLD_VERSION}  ${secrets} secret(s)  CPG_OTHER_MASTER_KEYS\n`,
    );
    expect(await run(during, 'reencrypt')).toBe(
      `${secrets} secret(s) re-encrypted.\n${NEW_VERSION}  ${secrets} secret(s)  CPG_MASTER_KEY, or master.key\n${OLD_VERSION}  0 secret(s)  CPG_OTHER_MASTER_KEYS\n`,
    );
    // The other key may be given up too: it is a rotation in the other direction.
    expect(await run(createBox(OLD, NEW), 'reencrypt')).toContain(`${secrets} secret(s) re-encrypted.\n`);
  });

  it('fails when a secret cannot be opened', async () => {
    const sealed_secret = createBox('12'.repeat(32)).seal('a secret', 'ck_demo_full').sealed_secret;
    const { db } = gateway;
    await db
      .updateTable('api_key_secret')
      .set({ sealed_secret, key_version: null })
      .where('key_id', '=', 'ck_demo_full')
      .execute();
    await expect(run(createBox(OLD), 'reencrypt')).rejects.toThrow(
      /^No configured master key opens api_key_secret \d+\. Fix: add the key to CPG_OTHER_MASTER_KEYS/,
    );
  });
});

describeInCi('a rotation of the master key on PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  const ping = async (gateways: readonly TestGateway[]) => {
    const statuses = await Promise.all(gateways.map(async ({ call }) => (await call('/v1/_ping')).status));
    expect(statuses).toEqual(gateways.map(() => 200));
  };

  it('follows the operations guide: two gateways are restarted one after another, and no request fails', async () => {
    // A busy machine may take longer than a request may wait.
    const databaseUrl = `${postgres.createDatabase('rotation')}?lock_timeout=60000&statement_timeout=60000`;
    const start = (differences: Partial<Config>) => startTestGateway({ databaseUrl, ...differences });
    let gateways = [await start({ masterKey: OLD }), await start({ masterKey: OLD })];
    const restartEach = async (differences: Partial<Config>) => {
      for (let n = 0; n < 2; n += 1) {
        const [first, second] = gateways as [TestGateway, TestGateway];
        await first.close();
        await ping([second]);
        gateways = [second, await start(differences)];
        await ping(gateways);
      }
    };
    const versions = async () =>
      (await countSecrets(gateways[0]?.db as TestGateway['db'])).map(({ version }) => version);
    await restartEach({ masterKey: OLD, otherMasterKeys: [NEW] });
    expect(await versions()).toEqual([OLD_VERSION]);
    await restartEach({ masterKey: NEW, otherMasterKeys: [OLD] });
    await expect.poll(versions, WAIT).toEqual([NEW_VERSION]);
    await ping(gateways);
    await restartEach({ masterKey: NEW });
    await ping(gateways);
    await expect(start({ masterKey: OLD })).rejects.toThrow('encrypted with another master key');
    await Promise.all(gateways.map((gateway) => gateway.close()));
  }, 180_000);

  it('survives kill -9 at any point: every secret opens, the previous key stays necessary, and the next run ends it', async () => {
    const databaseUrl = postgres.createDatabase('killed');
    const gateway = await startTestGateway({ databaseUrl, masterKey: OLD });
    await gateway.stopLoops();
    const { db } = gateway;
    const old = createBox(OLD);
    const values = Array.from({ length: 6_000 }, (_, n) => ({
      key_id: 'ck_demo_full',
      ...old.seal(`secret-${n}`, 'ck_demo_full'),
      retired_at: new Date(0),
    }));
    while (values.length > 0) await db.insertInto('api_key_secret').values(values.splice(0, 2_000)).execute();
    const countOf = async (version: string) =>
      (await countSecrets(db)).find((row) => row.version === version)?.secrets ?? 0;
    const total = await countOf(OLD_VERSION);

    const command = ['--conditions=@cpg/source', fileURLToPath(new URL('../master-key.ts', import.meta.url))];
    const env = {
      ...process.env,
      DATABASE_URL: databaseUrl,
      CPG_MASTER_KEY: NEW,
      CPG_OTHER_MASTER_KEYS: OLD,
      CPG_SANDBOX: 'true',
    };
    const kill = async (child: ChildProcess, reached: number) => {
      const ended = once(child, 'exit');
      await expect.poll(() => countOf(NEW_VERSION), { ...WAIT, interval: 1 }).toBeGreaterThan(reached);
      child.kill('SIGKILL');
      await ended;
    };
    const children = [0, 1].map(() =>
      spawn(process.execPath, [...command, 'reencrypt'], { env, stdio: 'ignore' }),
    );
    for (const [index, child] of children.entries()) await kill(child, index * 1_000);
    const remaining = await countOf(OLD_VERSION);
    expect(remaining).toBeGreaterThan(0);
    expect(remaining + (await countOf(NEW_VERSION))).toBe(total);
    const both = createBox(NEW, OLD);
    for (const row of await db.selectFrom('api_key_secret').selectAll().execute())
      expect(both.open(row.sealed_secret, row.key_id)).not.toBe('');
    await expect(startTestGateway({ databaseUrl, masterKey: NEW })).rejects.toThrow(
      `encrypted with a master key that is not configured: ${remaining} with ${OLD_VERSION}`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [...command, 'reencrypt'], { env });
    expect(stdout).toMatch(new RegExp(`^${remaining} secret\\(s\\) re-encrypted\\.$`, 'm'));
    expect(await countOf(NEW_VERSION)).toBe(total);
    await gateway.close();
  }, 180_000);
});
