import { itIsAnInbox, makeClaim } from '@cpg/test-support/client/inbox-cases';
import { openIoredis, openNodeRedis } from '@cpg/test-support/client/inboxes';
import { describeWithProgram } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WebhookInbox } from './inbox.ts';
import { type RedisClient, redisInbox } from './redis-inbox.ts';

const LEASE_MS = 60_000;
const SEVEN_DAYS_MS = 604_800_000;

const LIBRARIES = [
  ['node-redis', openNodeRedis],
  ['ioredis', openIoredis],
] as const;

describeWithProgram('redis-server', 'redisInbox', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  describe.each(LIBRARIES)('with %s', (_, open) => {
    let opened: Awaited<ReturnType<typeof openNodeRedis | typeof openIoredis>>;
    let inbox: WebhookInbox;
    beforeAll(async () => {
      opened = await open(server.port);
      inbox = opened.inbox();
    });
    afterAll(() => opened.close());

    itIsAnInbox(() => inbox);

    it('stores the lease and the retention as the expiry of the key', async () => {
      const claim = makeClaim(7);
      const readTtl = async () => Number(await opened.command('PTTL', 'shop:7'));
      const named = opened.inbox({ prefix: 'shop:' });
      await named.claim(claim, LEASE_MS);
      expect(await readTtl()).toBeGreaterThan(LEASE_MS / 2);
      expect(await readTtl()).toBeLessThanOrEqual(LEASE_MS);
      await named.complete(claim);
      expect(await readTtl()).toBeGreaterThan(SEVEN_DAYS_MS - LEASE_MS);
      expect(await opened.command('GET', 'shop:7')).toBe(`handled:${claim.token}`);
      await opened.command('DEL', 'shop:7');
    });
  });

  it.each(LIBRARIES)(
    'with %s rejects while Redis hangs or is down, and works again after',
    async (_, open) => {
      const own = await RedisServer.start();
      const opened = await open(own.port);
      const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      try {
        const inbox = opened.inbox({ timeoutMs: 200 });
        await own.signal('SIGSTOP');
        await expect(inbox.claim(makeClaim(1), LEASE_MS)).rejects.toMatchObject({
          code: 'callback_failed',
          message: 'redisInbox: claim got no reply within 200 ms.',
        });
        await own.signal('SIGCONT');
        await own.signal('SIGKILL');
        await expect(inbox.claim(makeClaim(2), LEASE_MS)).rejects.toThrow();
        await own.start();
        await expect
          .poll(() => Promise.resolve(inbox.claim(makeClaim(3), LEASE_MS)).catch(() => undefined), {
            timeout: 30_000,
          })
          .toMatchObject({ state: expect.stringMatching('claimed|busy') });
      } finally {
        emitWarning.mockRestore();
        await opened.close();
        await own.stop();
      }
    },
  );
});

describe('redisInbox', () => {
  const evaluate = async () => 1;
  it.each<[string, unknown, object | undefined, string]>([
    ['no client', undefined, undefined, 'redisInbox needs a client of redis'],
    ['a URL', 'redis://localhost', undefined, 'redisInbox needs a client of redis'],
    ['an object', {}, undefined, 'redisInbox needs a client of redis'],
    ['an empty prefix', { evalSha: evaluate, eval: evaluate }, { prefix: '' }, 'redisInbox: prefix must be'],
    [
      'a short retention',
      { evalSha: evaluate, eval: evaluate },
      { retentionMs: 1 },
      'redisInbox: retentionMs must be a whole number of milliseconds of at least 144000000',
    ],
  ])('rejects %s', (_, client, options, message) => {
    expect(() => redisInbox(client as RedisClient, options)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(message) }),
    );
  });
});
