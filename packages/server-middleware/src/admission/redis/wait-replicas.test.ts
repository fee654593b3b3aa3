import { setTimeout as delay } from 'node:timers/promises';
import { LOOPBACK } from '@cpg/test-support/ports';
import { describeInCi, describeWithProgram } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { nextRequest } from '@cpg/test-support/server-middleware/admission-requests';
import { recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import {
  type OpenedClient,
  REDIS_LIBRARIES,
  startRedisCluster,
} from '@cpg/test-support/server-middleware/redis';
import { startCuttingProxy } from '@cpg/test-support/tcp-proxies';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RedisClient } from './redis-client.ts';
import { type RedisStoreOptions, redisStore } from './redis-store.ts';

const logger = recordingLogger();
const openStore = (client: RedisClient, options: RedisStoreOptions = {}) =>
  redisStore(client, { waitReplicas: 1, deadlineMs: 20_000, logger, ...options });

describeWithProgram('redis-server', 'redisStore with waitReplicas', () => {
  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    let master: RedisServer;
    let replica: RedisServer;
    let opened: OpenedClient;
    beforeAll(async () => {
      const settings = ['--repl-diskless-sync-delay', '0'];
      master = await RedisServer.start(settings);
      replica = await RedisServer.start([...settings, '--replicaof', `${LOOPBACK} ${master.port}`]);
      opened = await open(master.port);
      const isOnline = async () =>
        String(await opened.command('INFO', 'replication')).includes('state=online');
      while (!(await isOnline())) await delay(20);
    });
    afterAll(async () => {
      opened.close();
      await Promise.all([master.stop(), replica.stop()]);
    });
    beforeEach(() => opened.command('SCRIPT', 'FLUSH'));

    const countCalls = async (command: string) => {
      const stats = String(await opened.command('INFO', 'commandstats'));
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    };

    it('admits once, with the signature on the replica, and waits for many at once', async () => {
      const store = openStore(opened.client);
      const request = nextRequest();
      expect(await store.admit(request)).toBe('admitted');
      expect(await store.admit(request)).toBe('replayed');
      const other = await open(replica.port);
      expect(await other.command('EXISTS', `cpg:{ck_full}:s:${request.signature}`)).toBe(1);
      other.close();

      const before = await countCalls('wait');
      const requests = Array.from({ length: 200 }, () => nextRequest());
      const decisions = await Promise.all(requests.map((one) => store.admit(one)));
      expect(decisions).toEqual(Array(200).fill('admitted'));
      expect((await countCalls('wait')) - before).toBeLessThan(20);
    });

    it('loads the script again when Redis has forgotten it', async () => {
      const store = openStore(opened.client);
      expect(await store.admit(nextRequest())).toBe('admitted');
      await opened.command('SCRIPT', 'FLUSH');
      const decisions = await Promise.all([1, 2, 3].map(() => store.admit(nextRequest())));
      expect(decisions).toEqual(['admitted', 'admitted', 'admitted']);
    });

    it('recognises its own claim when the reply was lost, and waits for the replica all the same', async () => {
      const proxy = await startCuttingProxy(master.port);
      const throughProxy = await open(proxy.port);
      const store = openStore(throughProxy.client, { prefix: 'lost:' });
      expect(await store.admit(nextRequest('ck_warm'))).toBe('admitted');
      const before = await countCalls('wait');
      proxy.cutReplyTo('lost:{ck_full}:s:');
      const request = nextRequest();
      expect(await store.admit(request)).toBe('admitted');
      expect(await countCalls('wait')).toBe(before + 2);
      expect(await opened.command('GET', `lost:{ck_full}:m:${request.minute}`)).toBe('1');
      throughProxy.close();
      proxy.close();
    });

    it('rejects when fewer replicas confirm, and the signature may be used up', async () => {
      const store = openStore(opened.client, { waitReplicas: 2, deadlineMs: 4_000 });
      const request = nextRequest();
      await expect(store.admit(request)).rejects.toMatchObject({
        status: 503,
        code: 'store_unavailable',
        message: expect.stringContaining('1 replicas confirmed an admission in time, but waitReplicas is 2'),
      });
      expect(await openStore(opened.client).admit(request)).toBe('replayed');
    });

    it('rejects while the replica hangs, and admits when it is back', async () => {
      const store = openStore(opened.client, { deadlineMs: 300 });
      expect(await openStore(opened.client).admit(nextRequest())).toBe('admitted');
      await replica.signal('SIGSTOP');
      await expect(store.admit(nextRequest())).rejects.toMatchObject({ status: 503 });
      await replica.signal('SIGCONT');
      const admitNext = () => Promise.resolve(store.admit(nextRequest())).catch(() => 'rejected');
      await expect.poll(admitNext, { timeout: 30_000 }).toBe('admitted');
    });

    it('does not send what waited behind a hanging batch until its deadline', async () => {
      const patient = openStore(opened.client);
      expect(await patient.admit(nextRequest())).toBe('admitted');
      const store = openStore(opened.client, { deadlineMs: 400 });
      await expect.poll(() => Promise.resolve(store.admit(nextRequest())).catch(() => '')).toBe('admitted');
      await master.signal('SIGSTOP');
      const requests = Array.from({ length: 20 }, () => nextRequest());
      const rejections = await Promise.allSettled(requests.map((request) => store.admit(request)));
      await master.signal('SIGCONT');
      expect(rejections.every(({ status }) => status === 'rejected')).toBe(true);
      const retried = await Promise.all(requests.map((request) => patient.admit(request)));
      expect(retried).toEqual(Array(20).fill('admitted'));
    });

    it('needs one more right, and names it', async () => {
      const rights = '~cpg:* +evalsha +eval +time +get +set +incr +info +config|get'.split(' ');
      await opened.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>app', ...rights);
      const { client, close } = await open(master.port, { username: 'app', password: 'app' });
      await expect(openStore(client).admit(nextRequest())).rejects.toMatchObject({
        message: expect.stringContaining('grant +wait'),
      });
      await opened.command('ACL', 'SETUSER', 'app', '+wait');
      expect(await openStore(client).admit(nextRequest())).toBe('admitted');
      close();
    });
  });

  it('rejects a client that cannot send several commands at once', () => {
    const reply = async () => [0, 0];
    for (const bare of [
      { evalSha: reply, eval: reply },
      { status: 'ready', evalsha: reply, eval: reply },
    ]) {
      expect(() => openStore(bare)).toThrow(
        'redisStore: the client must have a method to send several commands',
      );
    }
  });
});

describeInCi('redisStore with waitReplicas on a cluster', () => {
  it('waits on the master that has the key', async () => {
    const cluster = await startRedisCluster();
    const replica = await cluster.addReplica();
    const nodes = cluster.ports.map((port) => ({ host: LOOPBACK, port }));
    const nodeRedis = createCluster({ rootNodes: nodes.map((socket) => ({ socket })) });
    await nodeRedis.connect();
    const ioredis = new Cluster(nodes);
    for (const client of [nodeRedis, ioredis]) {
      const store = openStore(client, { deadlineMs: 3_000 });
      const keyIds = Array.from({ length: 12 }, (_, index) => `ck_${index}`);
      const decisions = await Promise.allSettled(keyIds.map((keyId) => store.admit(nextRequest(keyId))));
      const admitted = decisions.filter(({ status }) => status === 'fulfilled').length;
      // One master of three has a replica.
      expect(admitted).toBeGreaterThan(0);
      expect(admitted).toBeLessThan(12);
    }
    nodeRedis.destroy();
    ioredis.disconnect();
    await replica.stop();
    await cluster.stop();
  });
});
