import { describeWithProgram } from '@cpg/test-support/programs';
import { NOW } from '@cpg/test-support/server-middleware/fixtures';
import { startRedisCluster } from '@cpg/test-support/server-middleware/redis';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { redisStore } from './redis-store.ts';

describeWithProgram('redis-server', 'redisStore on a cluster of three', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  const open = {
    'node-redis': async () => {
      const client = createCluster({
        rootNodes: cluster.ports.map((port) => ({ socket: { host: '127.0.0.1', port } })),
      });
      await client.connect();
      return { client, close: () => client.destroy() };
    },
    ioredis: async () => {
      const client = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })));
      return { client, close: () => client.disconnect() };
    },
  };

  it.each(['node-redis', 'ioredis'] as const)('keeps each key in one slot, on %s', async (library) => {
    const { client, close } = await open[library]();
    const store = redisStore(client, { clock: () => NOW * 1000, deadlineMs: 5_000, prefix: `${library}:` });
    const before = await cluster.sizes();
    for (let key = 0; key < 30; key += 1) {
      const request = {
        keyId: `ck_${key}`,
        signature: 'a'.repeat(64),
        usedUntil: NOW + 300,
        minute: Math.floor(NOW / 60),
        limit: 1,
      };
      expect(await store.admit(request)).toBe('admitted');
      expect(await store.admit(request)).toBe('replayed');
      expect(await store.admit({ ...request, signature: 'b'.repeat(64) })).toBe('rate_limited');
    }
    const after = await cluster.sizes();
    const added = after.map((size, master) => size - (before[master] ?? 0));
    expect(added.reduce((sum, size) => sum + size)).toBe(60);
    expect(added.every((size) => size > 0)).toBe(true);
    close();
  });
});
