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
    const second = keys.find('ck_full');
    expect(asked).toHaveLength(2);
    asked[1]?.resolve();
    await second;
  });

  it('fails at the deadline, caches no failure, and asks again after the back-off', async () => {
    const time = { ms: 0 };
    const { store, asked } = manualStore();
    const keys = cachedKeys(store, { deadlineMs: 10, clock: () => time.ms });
    await expect(keys.find('ck_full')).rejects.toMatchObject({ code: 'store_deadline', status: 503 });
    time.ms += 50;
    const second = keys.find('ck_full');
    asked[1]?.fail(new Error('connection lost'));
    await expect(second).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: new Error('connection lost'),
    });
    time.ms += 100;
    const third = keys.find('ck_full');
    asked[2]?.resolve(testKey());
    expect(await third).toMatchObject({ keyId: 'ck_full' });
  });

  it('pauses the look-ups of an id whose look-ups fail, up to a second, and of no other id', async () => {
    const time = { ms: 0 };
    const asked: string[] = [];
    let isDown = true;
    const find = (keyId: string) => {
      asked.push(keyId);
      if (isDown) throw new Error('down');
      return testKey({ keyId });
    };
    const keys = cachedKeys({ find }, { clock: () => time.ms });
    const askedAt: number[] = [];
    for (; time.ms < 4_000; time.ms += 10) {
      const before = asked.length;
      expect(() => keys.find('ck_1')).toThrow('The key store failed: down');
      if (asked.length > before) askedAt.push(time.ms);
    }
    expect(askedAt).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550]);
    expect(keys.getStats()).toMatchObject({ misses: 8, failures: 8, rejected: 392, size: 0 });
    isDown = false;
    expect(keys.find('ck_2')).toMatchObject({ keyId: 'ck_2' });
    time.ms = 4_550;
    expect(keys.find('ck_1')).toMatchObject({ keyId: 'ck_1' });
    isDown = true;
    time.ms = 14_550;
    expect(() => keys.find('ck_1')).toThrow('down');
    time.ms += 50;
    expect(() => keys.find('ck_1')).toThrow('down');
    // Long after its last failure an id starts with the shortest pause again.
    time.ms += 20_000;
    expect(() => keys.find('ck_1')).toThrow('down');
    time.ms += 50;
    const { misses } = keys.getStats();
    expect(() => keys.find('ck_1')).toThrow('down');
    expect(keys.getStats().misses).toBe(misses + 1);
  });

  it('never serves a stale key during an outage, also in the back-off', () => {
    const time = { ms: 0 };
    let isDown = false;
    const find = () => {
      if (isDown) throw new Error('down');
      return testKey();
    };
    const keys = cachedKeys({ find }, { ttlMs: 100, clock: () => time.ms });
    keys.find('ck_full');
    isDown = true;
    time.ms = 99;
    expect(keys.find('ck_full')).toBeDefined();
    for (time.ms = 100; time.ms < 300; time.ms += 10) expect(() => keys.find('ck_full')).toThrow('down');
  });

  it('a store that hangs gets maxPending look-ups, then one probe a second, until one succeeds', async () => {
    const time = { ms: 0 };
    const { store, asked } = manualStore();
    const keys = cachedKeys(store, { maxPending: 3, deadlineMs: 1, clock: () => time.ms });
    const find = (keyId: string) => Promise.resolve().then(() => keys.find(keyId));
    const code = (keyId: string) => find(keyId).catch(({ code }: { readonly code: string }) => code);
    const full = 'The key store has 3 look-ups in flight, the maximum (maxPending).';
    const pending = ['1', '2', '3'].map(code);
    await expect(find('4')).rejects.toMatchObject({ code: 'store_unavailable', status: 503, message: full });
    expect(await Promise.all(pending)).toEqual(['store_deadline', 'store_deadline', 'store_deadline']);
    expect(keys.getStats()).toMatchObject({ misses: 3, failures: 3, rejected: 1, pending: 3 });
    // All three hang: one probe a second.
    expect(await code('5')).toBe('store_deadline');
    await expect(find('6')).rejects.toThrow(full);
    time.ms = 1_000;
    const probe = find('7');
    await expect(find('8')).rejects.toThrow(full);
    asked[4]?.resolve(testKey({ keyId: '7' }));
    expect(await probe).toMatchObject({ keyId: '7' });
    expect(keys.getStats().pending).toBe(0);
    const after = ['9', '10', '11'].map(find);
    await expect(find('12')).rejects.toThrow(full);
    asked[0]?.resolve();
    asked[1]?.fail(new Error('late'));
    for (const { resolve } of asked.slice(5)) resolve();
    expect(await Promise.all(after)).toEqual([undefined, undefined, undefined]);
    expect(keys.getStats().pending).toBe(0);
  });

  it('a look-up that ends late frees its place', async () => {
    const { store, asked } = manualStore();
    const keys = cachedKeys(store, { maxPending: 2, deadlineMs: 1 });
    const pending = ['1', '2'].map((keyId) => Promise.resolve(keys.find(keyId)).catch(() => undefined));
    await Promise.all(pending);
    expect(keys.getStats().pending).toBe(2);
    asked[0]?.resolve();
    asked[1]?.fail(new Error('late'));
    await new Promise(setImmediate);
    expect(keys.getStats().pending).toBe(0);
  });

  it('200,000 ids on a hanging store: 1,000 look-ups', () => {
    let asked = 0;
    const find = () => {
      asked += 1;
      return new Promise<undefined>(() => {});
    };
    const keys = cachedKeys({ find }, { clock: () => 0 });
    let rejected = 0;
    for (let index = 0; index < 200_000; index += 1) {
      try {
        void Promise.resolve(keys.find(`ck_${index}`)).catch(() => {});
      } catch {
        rejected += 1;
      }
    }
    expect([asked, rejected]).toEqual([1_000, 199_000]);
  });

  it('12,000 keys that are used in turn stay in the cache of the default size', () => {
    const time = { ms: 0 };
    const keys = cachedKeys({ find: (keyId) => testKey({ keyId }) }, { clock: () => time.ms });
    for (let index = 0; index < 36_000; index += 1) keys.find(`ck_${index % 12_000}`);
    expect(keys.getStats()).toEqual({
      hits: 24_000,
      shared: 0,
      misses: 12_000,
      failures: 0,
      rejected: 0,
      evicted: 0,
      size: 12_000,
      pending: 0,
    });
    // Keys whose time is over make room, two for each new one.
    time.ms = 10_000;
    for (let index = 0; index < 6_000; index += 1) keys.find(`other_${index}`);
    expect(keys.getStats()).toMatchObject({ size: 6_000, evicted: 0 });
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
    expect(keys.getStats()).toMatchObject({ evicted: 2, size: 2, hits: 3, misses: 8 });
  });

  it('passes on whether the store has whitelists', () => {
    expect(cachedKeys(staticKeys([testKey({ sourceIps: [] })])).hasSourceIps).toBe(true);
    expect(cachedKeys({ find: () => undefined }).hasSourceIps).toBeUndefined();
  });
});
