import { setTimeout as delay } from 'node:timers/promises';
import type { RedisClient } from '@cpg/server-middleware/redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { LOOPBACK } from '../ports.ts';
import { RedisServer } from '../redis.ts';

/** A connected client, and a way to send any command to the same server. */
export interface OpenedClient {
  readonly client: RedisClient;
  readonly command: (...args: string[]) => Promise<unknown>;
  readonly close: () => void;
}

/** An ACL user; by default the default user, with all rights. */
export interface RedisUser {
  readonly username: string;
  readonly password: string;
}

const openNodeRedis = async (port: number, user?: RedisUser): Promise<OpenedClient> => {
  const client = createClient({ socket: { port, host: LOOPBACK, reconnectStrategy: 50 }, ...user });
  client.on('error', () => {});
  await client.connect();
  return { client, command: (...args) => client.sendCommand(args), close: () => client.destroy() };
};

const openIoredis = async (port: number, user?: RedisUser): Promise<OpenedClient> => {
  const client = new Redis({ port, host: LOOPBACK, retryStrategy: () => 50, lazyConnect: true, ...user });
  client.on('error', () => {});
  await client.connect();
  return {
    client,
    command: (name = '', ...args) => client.call(name, ...args),
    close: () => client.disconnect(),
  };
};

/** Both supported client libraries, set to reconnect at once. */
export const REDIS_LIBRARIES = [
  ['node-redis', openNodeRedis],
  ['ioredis', openIoredis],
] as const;

const SLOTS = 16_384;

/** Starts a Redis Cluster of three masters, each with a third of the slots. */
export const startRedisCluster = async () => {
  const settings = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'];
  const servers = await Promise.all([1, 2, 3].map(() => RedisServer.start(settings)));
  const clients = servers.map(({ port }) => new Redis({ port, host: LOOPBACK }));
  for (const [index, client] of clients.entries()) {
    const first = Math.floor((index * SLOTS) / clients.length);
    const last = Math.floor(((index + 1) * SLOTS) / clients.length) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    for (const { port } of servers) await client.call('CLUSTER', 'MEET', LOOPBACK, port);
  }
  for (const client of clients) {
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await delay(20);
  }
  return {
    servers,
    ports: servers.map(({ port }) => port),
    /** Adds a replica of the first master. */
    addReplica: async () => {
      const replica = await RedisServer.start(settings);
      const client = new Redis({ port: replica.port, host: LOOPBACK });
      const id = String(await clients[0]?.call('CLUSTER', 'MYID'));
      await client.call('CLUSTER', 'MEET', LOOPBACK, Number(servers[0]?.port));
      const replicate = () => client.call('CLUSTER', 'REPLICATE', id).catch(() => undefined);
      while ((await replicate()) !== 'OK') await delay(20);
      while (!String(await clients[0]?.info('replication')).includes('state=online')) await delay(20);
      client.disconnect();
      return replica;
    },
    /** How many keys each master holds. */
    sizes: () => Promise.all(clients.map((client) => client.dbsize())),
    stop: async () => {
      for (const client of clients) client.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
};
