import { describeWithProgram } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { admissionRequest as request } from '@cpg/test-support/server-middleware/admission-requests';
import { NOW } from '@cpg/test-support/server-middleware/fixtures';
import { type OpenedClient, REDIS_LIBRARIES } from '@cpg/test-support/server-middleware/redis';
import { startCuttingProxy } from '@cpg/test-support/tcp-proxies';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AdmissionRequest } from '../admission-store.ts';
import { redisStore } from './redis-store.ts';

const clock = () => NOW * 1000;

describeWithProgram('redis-server', 'redisStore', () => {
  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    let server: RedisServer;
    let opened: OpenedClient;
    beforeAll(async () => {
      server = await RedisServer.start();
      opened = await open(server.port);
    });
    afterAll(async () => {
      opened.close();
      await server.stop();
    });

    it('admits a signature once for a key, also for another store of the same Redis', async () => {
      const first = redisStore(opened.client, { clock, deadlineMs: 10_000 });
      const second = redisStore(opened.client, { clock, deadlineMs: 10_000 });
      expect(await first.admit(request(1))).toBe('admitted');
      expect(await second.admit(request(1))).toBe('replayed');
      expect(await first.admit(request(1))).toBe('replayed');
      expect(await second.admit(request(1, { keyId: 'ck_other' }))).toBe('admitted');
    });

    it('makes no AbortSignal for an admission, which the default timeout of node-redis would', async () => {
      const timeout = vi.spyOn(AbortSignal, 'timeout');
      onTestFinished(() => timeout.mockRestore());
      const store = redisStore(opened.client, { clock, deadlineMs: 10_000, prefix: 'signals:' });
      expect(await store.admit(request(1))).toBe('admitted');
      timeout.mockClear();
      expect(await store.admit(request(2))).toBe('admitted');
      expect(timeout).not.toHaveBeenCalled();
    });

    it('shares the rate counter; a replay or a rejection is not counted, and a rejected signature stays unused', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 10_000 });
      const slow = (digit: number, overrides = {}) =>
        store.admit(request(digit, { keyId: 'ck_slow', limit: 2, ...overrides }));
      const minute = Math.floor(NOW / 60);
      expect(await slow(1)).toBe('admitted');
      expect(await slow(1)).toBe('replayed');
      expect(await slow(2)).toBe('admitted');
      expect(await slow(3)).toBe('rate_limited');
      expect(await slow(3, { minute: minute + 1 })).toBe('admitted');
      expect(await slow(4, { limit: 0, minute: minute + 2 })).toBe('rate_limited');
    });

    it('counts a route with a limit on top of the key', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 10_000, prefix: 'route:' });
      const upload = { id: 'POST /v1/uploads', limit: 2 };
      const send = (digit: number, overrides: Partial<AdmissionRequest> = {}) =>
        store.admit(request(digit, { limit: 4, route: upload, ...overrides }));
      expect([await send(1), await send(2), await send(3)]).toEqual(['admitted', 'admitted', 'rate_limited']);
      // A request over the limit counts nowhere, and its signature stays unused.
      expect(await send(3, { route: undefined })).toBe('admitted');
      expect(await send(1)).toBe('replayed');
      expect(await send(4, { route: { id: 'POST /v1/other', limit: 1 } })).toBe('admitted');
      expect(await send(5, { route: { id: 'POST /v1/third', limit: 1 } })).toBe('rate_limited');
      expect(await send(5, { minute: Math.floor(NOW / 60) + 1 })).toBe('admitted');
    });

    it('lets Redis forget both in time, with a minute to spare for clocks apart', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 10_000, prefix: 'ttl:' });
      await store.admit(request(1));
      const ttl = async (key: string) => Number(await opened.command('PTTL', key));
      const signature = '1'.padStart(64, '0');
      expect(await ttl(`ttl:{ck_full}:s:${signature}`)).toBeGreaterThan(355_000);
      expect(await ttl(`ttl:{ck_full}:s:${signature}`)).toBeLessThanOrEqual(361_000);
      expect(await ttl(`ttl:{ck_full}:m:${Math.floor(NOW / 60)}`)).toBeLessThanOrEqual(120_000);
    });

    it('loads the script again when Redis has forgotten it', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 10_000 });
      expect(await store.admit(request(20))).toBe('admitted');
      await opened.command('SCRIPT', 'FLUSH');
      expect(await store.admit(request(20))).toBe('replayed');
      expect(await store.admit(request(21))).toBe('admitted');
    });

    it('makes one round trip for a request', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 10_000 });
      await store.admit(request(30));
      const calls = async () => {
        const stats = String(await opened.command('INFO', 'stats'));
        return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1]);
      };
      const before = await calls();
      for (let digit = 31; digit <= 40; digit += 1) await store.admit(request(digit));
      // Commands inside the script count too: TIME, GET, GET, SET, INCR, SET. One more is the first INFO.
      expect((await calls()) - before).toBe(10 * (1 + 6) + 1);
    });

    it('recognises its own claim when the reply was lost, and counts it once', async () => {
      const proxy = await startCuttingProxy(server.port);
      const throughProxy = await open(proxy.port);
      const store = redisStore(throughProxy.client, { clock, deadlineMs: 5_000, prefix: 'lost:' });
      proxy.cutReplyTo('lost:{ck_full}:s:');
      expect(await store.admit(request(1))).toBe('admitted');
      expect(await opened.command('GET', `lost:{ck_full}:m:${Math.floor(NOW / 60)}`)).toBe('1');
      expect(await store.admit(request(1))).toBe('replayed');
      throughProxy.close();
      proxy.close();
    });

    it('fails at its deadline while Redis hangs, then admits again', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 60, maxPending: 2 });
      await server.signal('SIGSTOP');
      const rejections = await Promise.allSettled([50, 51, 52].map((digit) => store.admit(request(digit))));
      await server.signal('SIGCONT');
      expect(rejections.map((rejection) => rejection.status === 'rejected' && rejection.reason.code)).toEqual(
        ['store_deadline', 'store_deadline', 'store_unavailable'],
      );
      await expect.poll(() => store.admit(request(53)), { timeout: 30_000 }).toBe('replayed');
    });

    it('rejects while Redis is down, and admits again when it returns', async () => {
      const store = redisStore(opened.client, { clock, deadlineMs: 2_000 });
      expect(await store.admit(request(60))).toBe('admitted');
      await server.signal('SIGKILL');
      await expect(store.admit(request(61))).rejects.toMatchObject({ status: 503 });
      await expect(store.admit(request(62))).rejects.toMatchObject({ status: 503 });
      await server.start();
      let digit = 70;
      const admitNext = () => {
        digit += 1;
        return Promise.resolve(store.admit(request(digit))).catch(() => 'rejected');
      };
      await expect.poll(admitNext, { timeout: 30_000 }).toBe('admitted');
    });
  });
});
