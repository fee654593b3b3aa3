import { testKey } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { cachedKeys } from './cached-keys.ts';
import { type CpgKey, type KeyStore, staticKeys } from './key-store.ts';

/** A store whose results the test provides. */
const manualStore = () => {
  const asked: { keyId: string; resolve: (key?: CpgKey) => void; fail: (error: Error) => void }[] = [];
  const store: KeyStore = {
    find: (keyId) =>
      new Promise((resolve, fail) => {
        asked.push({ keyId, resolve: (key) => resolve(key), fail });
      }),
  };
  return { store, asked };
};

describe('cachedKeys', () => {
  it('turns concurrent look-ups of one id into one', async () => {
    const { store, asked } = manualStore();
    const keys = cachedKeys(store);
    const pending = [keys.find('ck_full'), keys.find('ck_full'), keys.find('ck_other')];
    expect(asked.map(({ keyId }) => keyId)).toEqual(['ck_full', 'ck_other']);
    const key = testKey();
    asked[0]?.resolve(key);
    asked[1]?.resolve();
    expect(await Promise.all(pending)).toEqual([key, key, undefined]);
    expect(keys.find('ck_full')).toBe(key);
  });

  it('sees a revocation and a new key when their times are over, counted from the look-up', () => {
    const time = { ms: 0 };
    let current: CpgKey | undefined = testKey();
    let asked = 0;
    const find = () => {
      asked += 1;
      return current;
    };
    const keys = cachedKeys({ find }, { ttlMs: 100, missTtlMs: 10, clock: () => time.ms });
    const isFound = (ms: number) => {
      time.ms = ms;
      return keys.find('ck_full') !== undefined;
    };
    expect(isFound(0)).toBe(true);
    current = undefined;
    expect(isFound(99)).toBe(true);
    expect(isFound(100)).toBe(false);
    current = testKey();
    expect(isFound(109)).toBe(false);
    expect(isFound(110)).toBe(true);
    expect(asked).toBe(3);
  });

  it('counts the time of a key from the start of its look-up, not from the end', async () => {
    const time = { ms: 0 };
    const { store, asked } = manualStore();
    const keys = cachedKeys(store, { ttlMs: 100, clock: () => time.ms });
    const pending = keys.find('ck_full');
    time.ms = 90;
    asked[0]?.resolve(testKey());
    await pending;
    time.ms = 100;
    void keys.find('ck_full');
    expect(asked).toHaveLength(2);
  });

  it('fails at the deadline, remembers no failure, and asks again', async () => {
    const { store, asked } = manualStore();
    const keys = cachedKeys(store, { deadlineMs: 10 });
    await expect(keys.find('ck_full')).rejects.toMatchObject({ code: 'store_deadline', status: 503 });
    const second = keys.find('ck_full');
    asked[1]?.fail(new Error('connection lost'));
    await expect(second).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: new Error('connection lost'),
    });
    const third = keys.find('ck_full');
    asked[2]?.resolve(testKey());
    expect(await third).toMatchObject({ keyId: 'ck_full' });
  });

  it('passes on what a store throws at once', () => {
    const find = () => {
      throw new Error('no pool');
    };
    expect(() => cachedKeys({ find }).find('ck_full')).toThrow('The key store failed: no pool');
  });

  it('evicts the least recently used at its maximum, and made-up ids evict no key', () => {
    let asked = 0;
    const find = (keyId: string) => {
      asked += 1;
      return keyId.startsWith('ck_') ? testKey({ keyId }) : undefined;
    };
    const keys = cachedKeys({ find }, { maxEntries: 2 });
    for (const keyId of ['ck_1', 'ck_2', 'x1', 'x2', 'x3']) keys.find(keyId);
    expect(asked).toBe(5);
    keys.find('ck_1');
    keys.find('x3');
    expect(asked).toBe(5);
    keys.find('x1');
    expect(asked).toBe(6);
    keys.find('ck_3');
    keys.find('ck_1');
    expect(asked).toBe(7);
    keys.find('ck_2');
    expect(asked).toBe(8);
  });

  it('passes on whether the store has whitelists', () => {
    expect(cachedKeys(staticKeys([testKey({ sourceIps: [] })])).hasSourceIps).toBe(true);
    expect(cachedKeys({ find: () => undefined }).hasSourceIps).toBeUndefined();
  });
});
