import { setTimeout as delay } from 'node:timers/promises';
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
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RedisClient } from './redis-client.ts';
import { redisStore } from './redis-store.ts';

// Five seconds, on an idle machine.
const MAX_OUTAGE_MS = 15_000;

const logger = recordingLogger();

/** Admits one request after the other until one is admitted; returns the codes of the rejections. */
const admitUntilAdmitted = async (client: RedisClient, keyId?: string) => {
  const store = redisStore(client, { logger });
  const codes: string[] = [];
  for (;;) {
    const decision = await Promise.resolve(store.admit(nextRequest(keyId))).catch((error: unknown) => error);
    if (decision === 'admitted') return codes;
    codes.push(String(Object(decision).code ?? decision));
    await delay(20);
  }
};

/** A client with an open connection through a proxy that can swallow data. */
const openThroughProxy = async (server: RedisServer, open: (port: number) => Promise<OpenedClient>) => {
  const proxy = await startCuttingProxy(server.port);
  const { client, close } = await open(proxy.port);
  onTestFinished(() => {
    close();
    proxy.close();
  });
  await admitUntilAdmitted(client);
  return { proxy, client };
};

describeWithProgram('redis-server', 'a connection that swallows data', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    it('is replaced after three deadlines, and the service is back within seconds', async () => {
      const { proxy, client } = await openThroughProxy(server, open);
      expect(proxy.countConnections()).toBe(1);
      const startedAt = performance.now();
      proxy.swallow();
      const codes = await admitUntilAdmitted(client);
      expect(performance.now() - startedAt).toBeLessThan(MAX_OUTAGE_MS);
      expect(codes).toContain('store_deadline');
      expect(proxy.countConnections()).toBeGreaterThan(1);
    });
  });
});

describeWithProgram('redis-server', 'a connection that swallows data before any admission', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  // As in a service that counts addresses before it authenticates: no admission is ever attempted.
  it.each(REDIS_LIBRARIES)('is replaced when commands of another store wait, on %s', async (_name, open) => {
    const proxy = await startCuttingProxy(server.port);
    const { client, close } = await open(proxy.port);
    const store = redisStore(client, { deadlineMs: 100, logger });
    expect(await store.sendCommand('PING')).toBe('PONG');
    proxy.swallow();
    const waiting = store.sendCommand('PING').catch(() => 'lost');
    await expect.poll(() => proxy.countConnections()).toBe(2);
    await expect.poll(() => store.sendCommand('PING').catch(() => 'lost')).toBe('PONG');
    await expect(store.sendCommand('NO-SUCH-COMMAND')).rejects.toThrow('unknown command');
    close();
    proxy.close();
    // ioredis sends it again.
    expect(['lost', 'PONG']).toContain(await waiting);
  });
});

describeInCi('a connection that swallows data for long, or in a cluster', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    it('is replaced again when the new one swallows data too', async () => {
      const { proxy, client } = await openThroughProxy(server, open);
      proxy.swallow({ alsoNew: true });
      const back = admitUntilAdmitted(client);
      await expect.poll(() => proxy.countConnections(), { timeout: 30_000 }).toBeGreaterThan(1);
      const healedAt = performance.now();
      proxy.swallow();
      await back;
      expect(performance.now() - healedAt).toBeLessThan(MAX_OUTAGE_MS);
    });

    it('is kept while Redis is only slow', async () => {
      const proxy = await startCuttingProxy(server.port);
      const { client, close } = await open(proxy.port);
      await admitUntilAdmitted(client);
      await server.signal('SIGSTOP');
      const store = redisStore(client, { logger });
      await expect(store.admit(nextRequest())).rejects.toMatchObject({ code: 'store_deadline' });
      await server.signal('SIGCONT');
      await expect.poll(() => admitUntilAdmitted(client)).toEqual([]);
      expect(proxy.countConnections()).toBe(1);
      close();
      proxy.close();
    });

    it('is not opened again for a client that the application has closed', async () => {
      const proxy = await startCuttingProxy(server.port);
      const { client, close } = await open(proxy.port);
      const store = redisStore(client, { logger, deadlineMs: 50 });
      proxy.swallow();
      await expect(store.admit(nextRequest())).rejects.toMatchObject({ status: 503 });
      close();
      for (const until = performance.now() + 1_500; performance.now() < until; ) {
        await expect(store.admit(nextRequest())).rejects.toMatchObject({ status: 503 });
      }
      expect(proxy.countConnections()).toBe(1);
      proxy.close();
    });
  });

  describe('to one master of a cluster', () => {
    const open = {
      'node-redis': async (ports: readonly number[], proxied: Readonly<Record<string, number>>) => {
        const client = createCluster({
          rootNodes: ports.map((port) => ({ socket: { host: '127.0.0.1', port } })),
          nodeAddressMap: (address) => {
            const port = proxied[address];
            return port === undefined ? undefined : { host: '127.0.0.1', port };
          },
        });
        client.on('error', () => {});
        await client.connect();
        return { client, close: () => client.destroy() };
      },
      ioredis: async (ports: readonly number[], proxied: Readonly<Record<string, number>>) => {
        const client = new Cluster(
          ports.map((port) => ({ host: '127.0.0.1', port })),
          {
            natMap: (address) => {
              const port = proxied[address];
              return port === undefined ? null : { host: '127.0.0.1', port };
            },
          },
        );
        client.on('error', () => {});
        await client.ping();
        return { client, close: () => client.disconnect() };
      },
    };

    it.each(['node-redis', 'ioredis'] as const)('is replaced, on %s', async (library) => {
      const cluster = await startRedisCluster();
      const proxies = await Promise.all(cluster.ports.map((port) => startCuttingProxy(port)));
      const proxied = Object.fromEntries(
        cluster.ports.map((port, index) => [`127.0.0.1:${port}`, Number(proxies[index]?.port)]),
      );
      const { client, close } = await open[library](cluster.ports, proxied);
      onTestFinished(async () => {
        close();
        for (const proxy of proxies) proxy.close();
        await cluster.stop();
      });
      const keyIds = Array.from({ length: 12 }, (_, index) => `ck_${index}`);
      for (const keyId of keyIds) await admitUntilAdmitted(client, keyId);
      proxies[0]?.swallow();
      const startedAt = performance.now();
      const codes = await Promise.all(keyIds.map((keyId) => admitUntilAdmitted(client, keyId)));
      expect(performance.now() - startedAt).toBeLessThan(MAX_OUTAGE_MS);
      expect(codes.some((list) => list.includes('store_deadline'))).toBe(true);
      expect(codes.some((list) => list.length === 0)).toBe(true);
    });
  });
});
