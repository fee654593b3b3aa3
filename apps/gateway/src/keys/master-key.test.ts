import { randomBytes } from 'node:crypto';
import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { expect, it, onTestFinished } from 'vitest';
import { createSecretBox, type SecretBox } from '../database/secret-box.ts';
import { registerWebhook } from '../webhooks/endpoints.ts';
import { createApiKey, createDatabaseKeyStore } from './api-keys.ts';
import { activateMasterKey, assertMasterKey } from './master-key.ts';
import { countSecrets, reencryptInBackground, reencryptSecrets } from './sealed-secrets.ts';

const WRONG =
  'CPG_MASTER_KEY: the secrets in this database are encrypted with another master key. Fix: set CPG_MASTER_KEY';
const MISSING = 'CPG_OTHER_MASTER_KEYS: secrets in this database are encrypted with a master key that is not';

const [OLD, NEW, OTHER] = [randomBytes(32), randomBytes(32), randomBytes(32)];

describeOnEachDatabase((start) => {
  const open = async () => {
    const gateway = await start({ sandbox: false });
    onTestFinished(() => gateway.close());
    await gateway.stopLoops();
    return gateway;
  };

  it('is recorded at the first start, and another one is refused afterwards', async () => {
    const { db, box } = await open();
    await assertMasterKey(db, box);
    const [row] = await db.selectFrom('master_key_check').selectAll().execute();
    expect(row?.sealed_text).toMatch(/^[A-Za-z0-9+/]+=*$/);
    await expect(assertMasterKey(db, createSecretBox(NEW))).rejects.toThrow(WRONG);
  });

  const ACCOUNT = 'acct_1';
  /** Stores keys and a webhook. */
  const fill = async ({ db, clock }: TestGateway, box: SecretBox, keys = 1) => {
    await db
      .insertInto('account')
      .values({ id: ACCOUNT, name: 'One' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const url = 'https://example.com/';
    await registerWebhook(db, box, { accountId: ACCOUNT, url, at: new Date(clock.now()) });
    for (let n = 1; n <= keys; n += 1) {
      const key = { keyId: `ck_${n}`, secret: `secret-number-${n}`, rateLimitPerMinute: 60, permissions: [] };
      await createApiKey(db, box, { ...key, accountId: ACCOUNT });
    }
  };

  it('is compared with the secrets of a database from before the check', async () => {
    const gateway = await open();
    const { db, box } = gateway;
    await db.deleteFrom('master_key_check').execute();
    const other = createSecretBox(NEW);
    await fill(gateway, box, 0);
    await db.updateTable('webhook_endpoint').set({ key_version: null }).execute();
    await expect(assertMasterKey(db, other)).rejects.toThrow(WRONG);
    expect(await db.selectFrom('master_key_check').selectAll().execute()).toEqual([]);
    await assertMasterKey(db, box);
    await expect(assertMasterKey(db, other)).rejects.toThrow(WRONG);
  });

  it('is one for all processes that start at once', async () => {
    const { db, box } = await open();
    await db.deleteFrom('master_key_check').execute();
    const boxes = [box, createSecretBox(NEW), createSecretBox(OTHER)];
    const results = await Promise.allSettled(boxes.map((each) => assertMasterKey(db, each)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is rotated: all secrets are re-encrypted, the keys work throughout, and then the previous key is refused', async () => {
    const gateway = await open();
    const { db, clock } = gateway;
    const old = createSecretBox(OLD);
    await db.deleteFrom('master_key_check').execute();
    await assertMasterKey(db, old);
    await fill(gateway, old, 250);
    const before = createSecretBox(OLD, [NEW]);
    const during = createSecretBox(NEW, [OLD]);
    const after = createSecretBox(NEW);
    const countOfVersions = async () =>
      Object.fromEntries((await countSecrets(db)).map(({ version, secrets }) => [version, secrets]));

    await assertMasterKey(db, before);
    await assertMasterKey(db, during);
    // A process that has not activated its key re-encrypts nothing.
    expect(await reencryptSecrets(db, during)).toEqual({ reencrypted: 0, unreadable: [] });
    await activateMasterKey(db, during);
    expect(await reencryptSecrets(db, before)).toEqual({ reencrypted: 0, unreadable: [] });

    // It ends after a batch, as in a crash.
    let checks = 0;
    const signal = {
      get aborted() {
        checks += 1;
        return checks > 1;
      },
    } as AbortSignal;
    expect(await reencryptSecrets(db, during, signal)).toEqual({ reencrypted: 100, unreadable: [] });
    expect(await countOfVersions()).toEqual({ [old.keyVersion]: 151, [after.keyVersion]: 100 });
    await expect(assertMasterKey(db, after)).rejects.toThrow(
      `${MISSING} configured: 151 with ${old.keyVersion}. Fix: add that key to CPG_OTHER_MASTER_KEYS`,
    );
    await expect(assertMasterKey(db, old)).rejects.toThrow(WRONG);
    const findAll = async (box: SecretBox) => {
      const store = createDatabaseKeyStore({ db, box, clock });
      const found = await Promise.all(['ck_1', 'ck_250'].map((keyId) => store.find(keyId)));
      return found.map((key) => key?.signingKeys.length);
    };
    expect([await findAll(before), await findAll(during)]).toEqual([
      [1, 1],
      [1, 1],
    ]);

    // Two processes at once.
    const results = await Promise.all([reencryptSecrets(db, during), reencryptSecrets(db, during)]);
    const last = await reencryptSecrets(db, during);
    const reencrypted = [...results, last].reduce((sum, result) => sum + result.reencrypted, 0);
    expect({ reencrypted, versions: await countOfVersions() }).toEqual({
      reencrypted: 151,
      versions: { [after.keyVersion]: 251 },
    });
    await assertMasterKey(db, after);
    expect(await findAll(after)).toEqual([1, 1]);
    await expect(assertMasterKey(db, old)).rejects.toThrow(WRONG);
  });

  it('gives secrets from before versions their version', async () => {
    const gateway = await open();
    const { db, box } = gateway;
    await fill(gateway, box, 2);
    for (const table of ['api_key_secret', 'webhook_endpoint'] as const)
      await db.updateTable(table).set({ key_version: null }).execute();
    await assertMasterKey(db, box);
    expect(await reencryptSecrets(db, box)).toEqual({ reencrypted: 3, unreadable: [] });
    expect(await countSecrets(db)).toEqual([{ version: box.keyVersion, secrets: 3 }]);
  });

  it('reports secrets that no configured key opens, and changes none of them', async () => {
    const gateway = await open();
    const { db, box } = gateway;
    await fill(gateway, box, 2);
    const foreign = createSecretBox(OTHER).seal('a secret', 'ck_2').sealed_secret;
    await db
      .updateTable('api_key_secret')
      .set({ sealed_secret: foreign, key_version: null })
      .where('key_id', '=', 'ck_2')
      .execute();
    const lines: object[] = [];
    const log = (fields: object, message: string) => lines.push({ ...fields, message });
    const logger = { info: log, error: log } as unknown as Parameters<typeof reencryptInBackground>[1];
    await reencryptInBackground(gateway, logger, new AbortController().signal);
    const { id, sealed_secret } = await db
      .selectFrom('api_key_secret')
      .selectAll()
      .where('key_id', '=', 'ck_2')
      .executeTakeFirstOrThrow();
    expect(sealed_secret).toBe(foreign);
    expect(lines).toEqual([
      {
        code: 'secrets_unreadable',
        secrets: [`api_key_secret ${id}`],
        message: 'no configured master key opens some secrets',
      },
    ]);
  });
});
