import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Database, openDatabase } from '../database/open-database.ts';
import { createSecretBox } from '../database/secret-box.ts';
import { createClock } from '../time.ts';
import { createApiKey, createDatabaseKeyStore, revokeApiKey, rotateApiKey } from './api-keys.ts';

const box = createSecretBox(randomBytes(32));
const IDS = Array.from({ length: 50 }, (_, index) => `ck_${index}`);

let db: Database;
beforeAll(async () => {
  const dump = new Blob([readFileSync(inject('embeddedDump'))]);
  db = await openDatabase({ databaseUrl: undefined, dataDir: undefined, dump });
  await db.insertInto('account').values({ id: 'acct', name: 'acct' }).execute();
  for (const keyId of IDS) {
    const key = { keyId, accountId: 'acct', secret: `secret-of-${keyId}-00`, permissions: [] };
    await createApiKey(db, box, { ...key, rateLimitPerMinute: 1 });
  }
});
afterAll(() => db.destroy());

/** A database that counts its statements. */
const countStatements = () => {
  const count = { statements: 0 };
  const counting = new Proxy(db, {
    get: (target, name) => {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...parameters: readonly unknown[]) => {
        if (name === 'executeQuery' || name === 'selectFrom') count.statements += 1;
        return member.apply(target, parameters);
      };
    },
  });
  return { count, counting };
};

it('keys stay in memory: one statement for all of them finds out whether one has changed', async () => {
  const { count, counting } = countStatements();
  // Checked for each look-up.
  const keys = createDatabaseKeyStore({ db: counting, box, clock: createClock() }, 0);
  for (const keyId of IDS) expect((await keys.find(keyId))?.keyId).toBe(keyId);
  expect(count.statements).toBe(2 * IDS.length);
  count.statements = 0;
  await Promise.all(IDS.map((keyId) => keys.find(keyId)));
  expect(count.statements).toBe(1);
  const often = createDatabaseKeyStore({ db: counting, box, clock: createClock() }, 3_600_000);
  await Promise.all(IDS.map((keyId) => often.find(keyId)));
  count.statements = 0;
  for (const keyId of IDS) await often.find(keyId);
  expect(count.statements).toBe(0);
});

it('a change of any process is seen: a revocation, a rotation, a new key, a truncated table', async () => {
  const clock = createClock(() => 0);
  const keys = createDatabaseKeyStore({ db, box, clock }, 0);
  expect(await keys.find('ck_0')).toMatchObject({ revoked: false });
  await revokeApiKey(db, 'ck_0', new Date(0));
  expect(await keys.find('ck_0')).toMatchObject({ revoked: true });
  expect((await keys.find('ck_1'))?.signingKeys).toHaveLength(1);
  const secret = 'another-secret-of-ck-1';
  await rotateApiKey(db, box, { keyId: 'ck_1', secret, at: new Date(0), retireAt: new Date(5_000) });
  expect((await keys.find('ck_1'))?.signingKeys).toHaveLength(2);
  // No row changes when the old secret stops working.
  clock.freeze(5_000);
  expect((await keys.find('ck_1'))?.signingKeys).toHaveLength(1);
  expect(await keys.find('ck_new')).toBeUndefined();
  const key = { keyId: 'ck_new', accountId: 'acct', secret, permissions: [], rateLimitPerMinute: 1 };
  await createApiKey(db, box, key);
  expect(await keys.find('ck_new')).toMatchObject({ keyId: 'ck_new' });
  await db.executeQuery(CompiledQuery.raw('TRUNCATE api_key CASCADE'));
  expect(await keys.find('ck_new')).toBeUndefined();
});
