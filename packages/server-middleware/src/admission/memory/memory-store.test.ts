import { createHash } from 'node:crypto';
import { exchange } from '@cpg/test-support/raw-client';
import {
  serve as listen,
  NOW,
  recordingLogger,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { countDecisions } from '@cpg/test-support/server-middleware/postgres';
import express from 'express';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerMiddlewareError } from '../../errors.ts';
import { cpgAuth } from '../../express/cpg-auth.ts';
import { staticKeys } from '../../keys/key-store.ts';
import type { AdmissionRequest } from '../admission-store.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

const createSignature = (index: number) => createHash('sha256').update(String(index)).digest('hex');

const request = (index: number, overrides: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  keyId: 'ck_full',
  signature: createSignature(index),
  usedUntil: NOW + 300,
  minute: Math.floor(NOW / 60),
  limit: 1_000_000,
  ...overrides,
});

/** A store whose time the test lets pass, in seconds; `set` sets its clock, while no time passes. */
const storeAt = (seconds: number, maxEntries?: number) => {
  const time = {
    seconds,
    ahead: 0,
    set: (to: number) => {
      time.ahead += to - time.seconds;
      time.seconds = to;
    },
  };
  const clock = () => time.seconds * 1000;
  return {
    time,
    store: memoryStore({ maxEntries, clock, steadyClock: () => (time.seconds - time.ahead) * 1000 }),
  };
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
    time.set(NOW - 10);
    expect(() => store.admit(request(1, { usedUntil: NOW }))).toThrow('The clock was set back');
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
    const { store, time } = storeAt(NOW);
    const minute = Math.floor(NOW / 60);
    store.admit(request(1, { limit: 1 }));
    time.seconds += 16 * 60;
    const later = { usedUntil: NOW + 1_300, minute: minute + 16 };
    expect(store.admit(request(2, { keyId: 'ck_other', ...later }))).toBe('admitted');
    expect(store.admit(request(3, { limit: 1, ...later }))).toBe('admitted');
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

  describe('when the clock is set', () => {
    const HOUR = 3_600;
    /** Sends one request a second with a timestamp that is right by the clock; returns how often each was decided. */
    const serve = ({ store, time }: ReturnType<typeof storeAt>, seconds: number) => {
      const outcomes: string[] = [];
      for (let second = 0; second < seconds; second += 1) {
        time.seconds += 1;
        outcomes.push(send(store, time.seconds));
      }
      return countDecisions(outcomes);
    };
    let serial = 0;
    const send = (store: MemoryStore, seconds: number, index = 1_000_000 + serial) => {
      serial += 1;
      const minute = Math.floor(seconds / 60);
      try {
        return store.admit(request(index, { usedUntil: seconds + 300, minute, limit: 100 }));
      } catch (error) {
        return (error as ServerMiddlewareError).code;
      }
    };

    it.each([HOUR, 86_400, -HOUR, 10, -10])('by %d s for a moment, all stays right', (by) => {
      const started = storeAt(NOW);
      const { store, time } = started;
      expect(send(store, NOW, 1)).toBe('admitted');
      time.set(NOW + by);
      expect(send(store, NOW + by, 2)).toBe('admitted');
      // Another key starts the search for idle ones.
      store.admit(
        request(3, { keyId: 'ck_other', usedUntil: NOW + by + 300, minute: Math.floor((NOW + by) / 60) }),
      );
      time.set(NOW);
      expect([send(store, NOW, 1), send(store, NOW + by, 2)]).toEqual(['replayed', 'replayed']);
      expect(serve(started, 900)).toEqual({ admitted: 900 });
    });

    it('an hour ahead for 20 minutes: right at once when it is back, and rejects for a window when that hour comes', () => {
      const started = storeAt(NOW);
      const { time } = started;
      expect(serve(started, 900)).toEqual({ admitted: 900 });
      time.set(time.seconds + HOUR);
      expect(serve(started, 1_200)).toEqual({ admitted: 1_200 });
      time.set(time.seconds - HOUR);
      const { admitted, clock_set_back } = serve(started, 2 * HOUR);
      expect(clock_set_back).toBeLessThanOrEqual(300);
      expect(Number(admitted) + Number(clock_set_back)).toBe(2 * HOUR);
    });

    it('back after it was ahead for long: rejects for a window, with a code of its own, and no longer', () => {
      const started = storeAt(NOW);
      const { store, time } = started;
      expect(serve(started, 2 * HOUR)).toEqual({ admitted: 2 * HOUR });
      time.set(time.seconds - HOUR);
      // A first use is not taken for a replay.
      expect(send(store, time.seconds)).toBe('clock_set_back');
      expect(serve(started, 299)).toEqual({ clock_set_back: 299 });
      expect(serve(started, HOUR / 2)).toEqual({ admitted: HOUR / 2 });
      // The time at which the clock was set back comes again.
      expect(serve(started, HOUR).clock_set_back ?? 0).toBeLessThanOrEqual(300);
    });

    it('many times: rejects at each time that it was at, not for longer', () => {
      const started = storeAt(NOW);
      const { time } = started;
      for (let jump = 1; jump <= 20; jump += 1) {
        serve(started, 2);
        time.set(NOW + jump * HOUR);
      }
      time.seconds += 700;
      serve(started, 1);
      time.set(NOW + 2);
      expect(serve(started, 10)).toEqual({ clock_set_back: 10 });
      expect(serve(started, 300).admitted).toBeGreaterThan(0);
      time.set(NOW + 19 * HOUR + 1);
      expect(serve(started, 1)).toEqual({ clock_set_back: 1 });
    });

    it('back after it was ahead for long: the response is 503, and the log says why', async () => {
      const { store, time } = storeAt(NOW);
      const logger = recordingLogger();
      const app = express();
      const clock = () => time.seconds * 1000;
      app.use(cpgAuth({ keys: staticKeys([testKey()]), store, clock, logger }), (_request, response) => {
        response.end();
      });
      const port = await listen(app);
      const getStatus = async () => (await exchange(port, signedRequest({ timestamp: time.seconds }))).status;
      for (let minute = 0; minute < 30; minute += 1) {
        time.seconds += 60;
        expect(await getStatus()).toBe(200);
      }
      time.set(NOW + 600);
      expect([await getStatus(), await getStatus()]).toEqual([503, 503]);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['clock_set_back']);
      time.seconds += 301;
      expect([await getStatus(), await getStatus()]).toEqual([200, 401]);
    });

    it('to stand still: remembers until it goes on', () => {
      const { store, time } = storeAt(NOW);
      expect(send(store, NOW, 1)).toBe('admitted');
      time.seconds += HOUR;
      time.set(NOW);
      store.admit(request(3, { keyId: 'ck_other' }));
      expect([send(store, NOW, 1), send(store, NOW, 4)]).toEqual(['replayed', 'admitted']);
    });
  });
});
