import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from './redis-server.ts';

const SLOTS = 16_384;

/** Starts a Redis Cluster of three masters, each with a third of the slots. */
export const startRedisCluster = async () => {
  const settings = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'];
  const servers = await Promise.all([1, 2, 3].map(() => RedisServer.start(settings)));
  const clients = servers.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  for (const [index, client] of clients.entries()) {
    const first = Math.floor((index * SLOTS) / clients.length);
    const last = Math.floor(((index + 1) * SLOTS) / clients.length) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    for (const { port } of servers) await client.call('CLUSTER', 'MEET', '127.0.0.1', port);
  }
  for (const client of clients) {
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await delay(20);
  }
  return {
    ports: servers.map(({ port }) => port),
    /** How many keys each master holds. */
    sizes: () => Promise.all(clients.map((client) => client.dbsize())),
    stop: async () => {
      for (const client of clients) client.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
};
