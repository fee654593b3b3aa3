import { createHash } from 'node:crypto';
import { NOW } from '@cpg/test-support/server-middleware/fixtures';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdmissionRequest } from '../admission-store.ts';
import { memoryStore } from './memory-store.ts';

const createSignature = (index: number) => createHash('sha256').update(String(index)).digest('hex');

const request = (index: number, overrides: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  keyId: 'ck_full',
  signature: createSignature(index),
  usedUntil: NOW + 300,
  minute: Math.floor(NOW / 60),
  limit: 1_000_000,
  ...overrides,
});

/** A store whose clock the test moves, in seconds. */
const storeAt = (seconds: number, maxEntries?: number) => {
  const time = { seconds };
  return { time, store: memoryStore({ maxEntries, clock: () => time.seconds * 1000 }) };
};

describe('memoryStore', () => {
  it('admits a signature once for each key', () => {
    const { store } = storeAt(NOW);
    expect(store.admit(request(1))).toBe('admitted');
    expect(store.admit(request(1))).toBe('replayed');
    expect(store.admit(request(1, { keyId: 'ck_other' }))).toBe('admitted');
    expect(store.admit(request(2))).toBe('admitted');
    expect(store.size).toBe(3);
  });

  it('remembers a signature through its last second, then not a second longer', () => {
    const { store, time } = storeAt(NOW);
    store.admit(request(1, { usedUntil: NOW + 600 }));
    store.admit(request(2, { usedUntil: NOW + 601 }));
    time.seconds = NOW + 600.999;
    expect(store.admit(request(1, { usedUntil: NOW + 600 }))).toBe('replayed');
    expect(store.size).toBe(2);
    time.seconds = NOW + 601;
    expect(store.admit(request(3, { usedUntil: NOW + 601 }))).toBe('admitted');
    expect(store.size).toBe(2);
  });

  it('never admits what it may have forgotten, even when the clock is set back', () => {
    const { store, time } = storeAt(NOW);
    store.admit(request(1, { usedUntil: NOW }));
    time.seconds = NOW + 1;
    expect(store.admit(request(1, { usedUntil: NOW }))).toBe('replayed');
    time.seconds = NOW - 10;
    expect(store.admit(request(1, { usedUntil: NOW }))).toBe('replayed');
    expect(store.admit(request(2, { usedUntil: NOW + 1 }))).toBe('admitted');
  });

  it('counts a route with a limit by key and epoch minute, on top of the key', () => {
    const { store } = storeAt(NOW);
    const minute = Math.floor(NOW / 60);
    const upload = { id: 'POST /v1/uploads', limit: 2 };
    const send = (index: number, overrides: Partial<AdmissionRequest> = {}) =>
      store.admit(request(index, { limit: 4, minute, route: upload, ...overrides }));
    expect([1, 2, 3].map((index) => send(index))).toEqual(['admitted', 'admitted', 'rate_limited']);
    // A request over the limit counts nowhere, and its signature stays unused.
    expect(send(3, { route: undefined })).toBe('admitted');
    expect(send(1)).toBe('replayed');
    expect(send(4, { route: { id: 'POST /v1/other', limit: 1 } })).toBe('admitted');
    expect(send(5, { route: { id: 'POST /v1/third', limit: 1 } })).toBe('rate_limited');
    expect(send(5, { keyId: 'ck_other' })).toBe('admitted');
    expect([6, 7, 8].map((index) => send(index, { minute: minute + 1 }))).toEqual([
      'admitted',
      'admitted',
      'rate_limited',
    ]);
  });

  it('counts admissions by key and epoch minute, not replays or rejections', () => {
    const { store } = storeAt(NOW);
    const minute = Math.floor(NOW / 60);
    const slow = (index: number, overrides: Partial<AdmissionRequest> = {}) =>
      store.admit(request(index, { limit: 2, ...overrides }));
    expect([slow(1), slow(1), slow(2), slow(3), slow(3)]).toEqual([
      'admitted',
      'replayed',
      'admitted',
      'rate_limited',
      'rate_limited',
    ]);
    expect(slow(3, { keyId: 'ck_other' })).toBe('admitted');
    expect(slow(3, { minute: minute + 1 })).toBe('admitted');
    expect(slow(4, { limit: 0, minute: minute + 2 })).toBe('rate_limited');
  });

  it('rejects when full, forgets nothing, and admits again when a signature has expired', () => {
    const { store, time } = storeAt(NOW, 2);
    store.admit(request(1, { usedUntil: NOW + 1 }));
    store.admit(request(2));
    expect(() => store.admit(request(3))).toThrow(
      'memoryStore holds 2 live signatures, its maximum. Raise maxEntries, or share the load through redisStore(client).',
    );
    expect(store.admit(request(1, { usedUntil: NOW + 1 }))).toBe('replayed');
    time.seconds = NOW + 2;
    expect(store.admit(request(3))).toBe('admitted');
  });

  it('keeps signatures apart that share all but one word', () => {
    const { store } = storeAt(NOW);
    const base = '0'.repeat(64);
    expect(store.admit(request(0, { signature: base }))).toBe('admitted');
    for (let word = 0; word < 8; word += 1) {
      const signature = `${base.slice(0, word * 8)}00000001${base.slice(word * 8 + 8)}`;
      expect(store.admit(request(0, { signature }))).toBe('admitted');
      expect(store.admit(request(0, { signature }))).toBe('replayed');
    }
  });

  it('agrees with a plain set, through growth and expiry', () => {
    const step = fc.record({
      index: fc.nat(300),
      keyId: fc.constantFrom('a', 'b'),
      wait: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const { store, time } = storeAt(NOW);
        const model = new Map<string, number>();
        for (const { index, keyId, wait } of steps) {
          time.seconds += wait;
          // As on the wire, one signature has one timestamp, so one second until which it counts.
          const usedUntil = NOW + (index % 40) + 5;
          const name = `${keyId} ${index}`;
          const expected = model.has(name) || usedUntil < time.seconds ? 'replayed' : 'admitted';
          expect(store.admit(request(index, { keyId, usedUntil }))).toBe(expected);
          model.set(name, usedUntil);
          for (const [known, until] of model) if (until < time.seconds) model.delete(known);
          expect(store.size).toBe(model.size);
        }
      }),
    );
  });

  it('forgets keys that were idle for a quarter of an hour', () => {
    const { store } = storeAt(NOW);
    const minute = Math.floor(NOW / 60);
    store.admit(request(1, { limit: 1 }));
    expect(store.admit(request(2, { keyId: 'ck_other', minute: minute + 16 }))).toBe('admitted');
    expect(store.admit(request(3, { limit: 1, minute: minute + 16 }))).toBe('admitted');
  });

  it.each([0, -1, 1.5, Number.NaN])('rejects maxEntries %d', (maxEntries) => {
    expect(() => memoryStore({ maxEntries })).toThrow(
      `maxEntries must be a positive whole number: got ${maxEntries}.`,
    );
  });

  it('takes the time of day when it is given no clock', () => {
    const usedUntil = Math.floor(Date.now() / 1000) + 300;
    expect(memoryStore().admit(request(1, { usedUntil }))).toBe('admitted');
    expect(memoryStore().admit(request(1, { usedUntil: 1 }))).toBe('replayed');
  });
});
