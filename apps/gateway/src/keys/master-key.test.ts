import { randomBytes } from 'node:crypto';
import { describeOnEachDatabase } from '@cpg/test-support/gateway/test-gateway';
import { expect, it, onTestFinished } from 'vitest';
import { createSecretBox } from '../database/secret-box.ts';
import { registerWebhook } from '../webhooks/endpoints.ts';
import { assertMasterKey } from './master-key.ts';

const WRONG =
  'CPG_MASTER_KEY: the secrets in this database are encrypted with another master key. Fix: set CPG_MASTER_KEY';

describeOnEachDatabase((start) => {
  const open = async () => {
    const gateway = await start({ sandbox: false });
    onTestFinished(() => gateway.close());
    return gateway;
  };

  it('is recorded at the first start, and another one is refused afterwards', async () => {
    const { db, box } = await open();
    await assertMasterKey(db, box);
    const [row] = await db.selectFrom('master_key_check').selectAll().execute();
    expect(row?.sealed_text).toMatch(/^[A-Za-z0-9+/]+=*$/);
    await expect(assertMasterKey(db, createSecretBox(randomBytes(32)))).rejects.toThrow(WRONG);
  });

  it('is compared with the secrets of a database from before the check', async () => {
    const { db, box, clock } = await open();
    await db.deleteFrom('master_key_check').execute();
    const other = createSecretBox(randomBytes(32));
    await db.insertInto('account').values({ id: 'acct_1', name: 'One' }).execute();
    const url = 'https://example.com/';
    await registerWebhook(db, box, { accountId: 'acct_1', url, at: new Date(clock.now()) });
    await expect(assertMasterKey(db, other)).rejects.toThrow(WRONG);
    expect(await db.selectFrom('master_key_check').selectAll().execute()).toEqual([]);
    await assertMasterKey(db, box);
    await expect(assertMasterKey(db, other)).rejects.toThrow(WRONG);
  });

  it('is one for all processes that start at once', async () => {
    const { db, box } = await open();
    await db.deleteFrom('master_key_check').execute();
    const boxes = [box, createSecretBox(randomBytes(32)), createSecretBox(randomBytes(32))];
    const results = await Promise.allSettled(boxes.map((each) => assertMasterKey(db, each)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
