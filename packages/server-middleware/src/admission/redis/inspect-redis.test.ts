import { describeWithProgram } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { nextRequest } from '@cpg/test-support/server-middleware/admission-requests';
import { NOW, recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import {
  type OpenedClient,
  REDIS_LIBRARIES,
  startRedisCluster,
} from '@cpg/test-support/server-middleware/redis';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inspectRedis, type RedisFinding } from './inspect-redis.ts';
import type { RedisClient } from './redis-client.ts';
import { type RedisStoreOptions, redisStore } from './redis-store.ts';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const UNSAFE_POLICIES = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
];
const getStatuses = (findings: readonly RedisFinding[]) =>
  Object.fromEntries(findings.map(({ check, status }) => [check, status]));
const SAFE = {
  'redis eviction': 'ok',
  'redis persistence': 'ok',
  'redis role': 'ok',
  'redis clock': 'ok',
};
const _nowSeconds = () => Math.floor(Date.now() / 1000);

describeWithProgram('redis-server', 'the configuration of Redis', () => {
  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    let server: RedisServer;
    let opened: OpenedClient;
    beforeAll(async () => {
      server = await RedisServer.start(DURABLE);
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      opened = await open(server.port);
      for (const setting of [
        'maxmemory 0',
        'maxmemory-policy noeviction',
        'appendonly yes',
        'appendfsync always',
      ])
        await opened.command('CONFIG', 'SET', ...setting.split(' '));
      return () => opened.close();
    });
    const configure = (...setting: string[]) => opened.command('CONFIG', 'SET', ...setting);

    it('is found safe with noeviction, appendfsync always and a clock in step', async () => {
      expect(getStatuses(await inspectRedis(opened.client))).toEqual(SAFE);
    });

    it.each(UNSAFE_POLICIES)('is found unsafe with %s', async (policy) => {
      await configure('maxmemory-policy', policy);
      const findEviction = async () =>
        (await inspectRedis(opened.client)).find(({ check }) => check === 'redis eviction');
      expect(await findEviction()).toMatchObject({
        status: 'warning',
        detail: `maxmemory-policy is ${policy}, harmless only while maxmemory is 0. Fix: maxmemory-policy noeviction, with memory for all live signatures`,
      });
      await configure('maxmemory', '100mb');
      expect(await findEviction()).toMatchObject({
        status: 'failure',
        detail: `maxmemory-policy is ${policy}: an evicted signature can be replayed. Fix: maxmemory-policy noeviction, with memory for all live signatures`,
      });
    });

    it.each([
      [['appendonly', 'no'], 'appendonly is off: after a restart used signatures can be replayed'],
      [
        ['appendfsync', 'everysec'],
        'appendfsync is everysec: after a crash the signatures of the last moments',
      ],
      [['appendfsync', 'no'], 'appendfsync is no: after a crash the signatures of the last moments'],
    ])('is found unsafe with %j', async (setting, detail) => {
      await configure(...setting);
      const findings = await inspectRedis(opened.client);
      expect(getStatuses(findings)).toEqual({ ...SAFE, 'redis persistence': 'warning' });
      expect(findings.find(({ status }) => status === 'warning')?.detail).toContain(detail);
    });

    it.each([
      [600_000, 'failure', 'is 600 s behind'],
      [-600_000, 'failure', 'is 600 s ahead of'],
      [30_000, 'warning', 'is 30 s behind'],
      [-30_000, 'warning', 'is 30 s ahead of'],
      [2_000, 'ok', 'is 2 s behind'],
    ])('is found with a clock off by %d ms', async (offset, status, detail) => {
      const findings = await inspectRedis(opened.client, { clock: () => Date.now() + offset });
      const clock = findings.find(({ check }) => check === 'redis clock');
      expect(clock?.status).toBe(status);
      expect(clock?.detail).toContain(detail);
    });

    it('is found without the replicas that must confirm, and on a replica', async () => {
      expect(getStatuses(await inspectRedis(opened.client, { waitReplicas: 1 }))).toEqual({
        ...SAFE,
        'redis replicas': 'failure',
      });
      await opened.command('REPLICAOF', '127.0.0.1', '1');
      expect(getStatuses(await inspectRedis(opened.client))).toEqual({ ...SAFE, 'redis role': 'failure' });
      await opened.command('REPLICAOF', 'NO', 'ONE');
    });

    it('is unknown without the rights, and requests are admitted all the same', async () => {
      const rights = '~cpg:* +evalsha +eval +time +get +set +incr'.split(' ');
      await opened.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>app', ...rights);
      const { client, close } = await open(server.port, { username: 'app', password: 'app' });
      const logger = recordingLogger();
      const store = redisStore(client, { logger });
      expect(await store.admit(nextRequest())).toBe('admitted');
      await store.ready();
      expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
        [
          'warn',
          'Redis may forget used signatures: redis configuration: is unknown: the Redis user may not run INFO. Fix: grant +info',
        ],
      ]);
      await opened.command('ACL', 'SETUSER', 'app', '+info', '-time');
      const findings = await inspectRedis(client);
      expect(findings.filter(({ status }) => status !== 'ok').map(({ detail }) => detail)).toEqual([
        'appendfsync is unknown: the Redis user may not run CONFIG GET. Fix: grant +config|get, and set appendfsync always',
        'is unknown: the Redis user may not run TIME. Fix: grant +time',
      ]);
      close();
    });

    describe('as redisStore reports it', () => {
      const openStore = (options: RedisStoreOptions = {}) => {
        const logger = recordingLogger();
        return { logger, store: redisStore(opened.client, { ...options, logger }) };
      };

      it('logs what is unsafe, once for a client, after the first admission', async () => {
        await configure('appendonly', 'no');
        await configure('maxmemory-policy', 'allkeys-lru');
        const { logger, store } = openStore({ clock: () => Date.now() - 600_000 });
        expect(logger.lines).toEqual([]);
        expect(await store.admit(nextRequest())).toBe('admitted');
        await expect.poll(() => logger.lines.length).toBe(3);
        await store.ready();
        const second = openStore();
        await second.store.ready();
        expect(
          [...logger.lines, ...second.logger.lines].map(({ fields, message }) => [fields.code, message]),
        ).toEqual([
          ['store_not_durable', expect.stringContaining('redis eviction: maxmemory-policy is allkeys-lru')],
          ['store_not_durable', expect.stringContaining('redis persistence: appendonly is off')],
          ['store_not_durable', expect.stringContaining('redis clock: is 600 s ahead')],
        ]);
      });

      it('logs nothing, and admits, when Redis is safe and requireDurable is set', async () => {
        const { logger, store } = openStore({ requireDurable: true });
        await store.ready();
        expect(await store.admit(nextRequest())).toBe('admitted');
        expect(getStatuses(await store.inspect())).toEqual(SAFE);
        expect(logger.lines).toEqual([]);
      });

      it.each([
        [['maxmemory-policy', 'allkeys-lru'], 'redis eviction: maxmemory-policy is allkeys-lru'],
        [['appendonly', 'no'], 'redis persistence: appendonly is off'],
        [['appendfsync', 'everysec'], 'redis persistence: appendfsync is everysec'],
      ])('refuses to start or to admit with requireDurable and %j', async (setting, text) => {
        await configure(...setting);
        const { store } = openStore({ requireDurable: true });
        const refusal = { code: 'store_not_durable', status: 503, message: expect.stringContaining(text) };
        await expect(store.ready()).rejects.toMatchObject(refusal);
        const request = nextRequest();
        await expect(store.admit(request)).rejects.toMatchObject(refusal);
        await configure('maxmemory-policy', 'noeviction');
        await configure('appendonly', 'yes');
        await configure('appendfsync', 'always');
        await store.inspect();
        expect(await store.admit(request)).toBe('admitted');
      });

      it('refuses with requireDurable while the clock of Redis is off', async () => {
        const { store } = openStore({ requireDurable: true, clock: () => NOW * 1000 });
        await expect(store.ready()).rejects.toMatchObject({ code: 'store_not_durable' });
      });
    });
  });

  it('is found for each master of a cluster', async () => {
    const cluster = await startRedisCluster();
    const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }));
    const nodeRedis = createCluster({ rootNodes: nodes.map((socket) => ({ socket })) });
    await nodeRedis.connect();
    const ioredis = new Cluster(nodes);
    await ioredis.ping();
    for (const client of [nodeRedis, ioredis]) {
      const statuses = getStatuses(await inspectRedis(client));
      for (const port of cluster.ports) {
        expect(statuses).toMatchObject({
          [`redis eviction of the master on port ${port}`]: 'ok',
          [`redis persistence of the master on port ${port}`]: 'warning',
        });
      }
    }
    nodeRedis.destroy();
    ioredis.disconnect();
    await cluster.stop();
  });

  it('cannot be inspected while Redis is down, or through a client without commands', async () => {
    const server = await RedisServer.start();
    const { client, close } = await REDIS_LIBRARIES[0][1](server.port);
    close();
    await expect(inspectRedis(client)).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.stop();
    const reply = async () => [0, 0];
    for (const bare of [
      { evalSha: reply, eval: reply },
      { status: 'ready', evalsha: reply, eval: reply },
    ]) {
      await expect(inspectRedis(bare as RedisClient)).rejects.toMatchObject({ code: 'store_unavailable' });
      const store = redisStore(bare as RedisClient, { requireDurable: true });
      await expect(store.admit(nextRequest())).rejects.toMatchObject({ code: 'store_unavailable' });
    }
  });
});
