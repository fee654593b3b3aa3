import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findFreePort, LOOPBACK } from './ports.ts';
import { RedisServer } from './redis.ts';
import { startLaggingProxy } from './tcp-proxies.ts';

export const SENTINEL_NAME = 'cpg';

// After it, Sentinels would connect lagging replicas to their master directly.
const FAILOVER_TIMEOUT_MS = 60_000;

interface SentinelOptions {
  /** @default 2 */
  readonly replicas?: number;
  /** Milliseconds without a reply after which a Sentinel takes the master for down. @default 1000 */
  readonly downAfterMs?: number;
  /** Milliseconds by which the replicas are behind their master. @default 0 */
  readonly lagMs?: number;
  /** More options of every redis-server. */
  readonly settings?: readonly string[];
}

/** A master, its replicas and three Sentinels, each a process on a loopback port. */
export const startSentinels = async ({
  replicas = 2,
  downAfterMs = 1_000,
  lagMs = 0,
  settings = [],
}: SentinelOptions = {}) => {
  const common = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0', ...settings];
  const master = await RedisServer.start(common);
  const link = lagMs === 0 ? undefined : await startLaggingProxy(master.port, lagMs);
  const followers = await Promise.all(
    Array.from({ length: replicas }, () =>
      RedisServer.start([...common, '--replicaof', `${LOOPBACK} ${link?.port ?? master.port}`]),
    ),
  );
  const directory = await mkdtemp(join(tmpdir(), 'cpg-sentinel-'));
  const sentinels: RedisServer[] = [];
  for (let index = 0; index < 3; index += 1) {
    const port = await findFreePort();
    const config = join(directory, `${port}.conf`);
    const lines = [
      `port ${port}`,
      `bind ${LOOPBACK}`,
      `sentinel monitor ${SENTINEL_NAME} ${LOOPBACK} ${master.port} 2`,
      `sentinel down-after-milliseconds ${SENTINEL_NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${SENTINEL_NAME} ${FAILOVER_TIMEOUT_MS}`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const sentinel = new RedisServer(port, [], [config, '--sentinel']);
    await sentinel.start();
    sentinels.push(sentinel);
  }
  const ports = sentinels.map(({ port }) => port);
  const servers = [master, ...followers];

  const getMasterPorts = (): Promise<number[]> =>
    Promise.all(ports.map((port) => ask(port, 'SENTINEL', 'get-master-addr-by-name', SENTINEL_NAME))).then(
      (replies) => replies.map((reply) => Number((reply as readonly string[])[1])),
    );
  const isComplete = async () => {
    const known = await Promise.all(ports.map((port) => ask(port, 'SENTINEL', 'MASTER', SENTINEL_NAME)));
    return known.every((reply) => {
      const fields = reply as readonly string[];
      const get = (name: string) => fields[fields.indexOf(name) + 1];
      return get('num-slaves') === String(replicas) && get('num-other-sentinels') === '2';
    });
  };
  const areReplicating = async () =>
    String(await ask(master.port, 'INFO', 'replication')).match(/state=online/g)?.length === replicas;
  while (!(await areReplicating()) || !(await isComplete())) await delay(50);

  return {
    sentinelPorts: ports,
    master,
    servers,
    /** Ends the master, or stops it; what it has not yet sent its replicas is lost. */
    fail: async (signal: 'SIGKILL' | 'SIGSTOP') => {
      link?.cut();
      await master.signal(signal);
    },
    /** Waits until every Sentinel has elected another master; returns it. */
    failedOver: async (): Promise<RedisServer> => {
      for (;;) {
        const [first, ...others] = await getMasterPorts();
        const elected = servers.find(({ port }) => port === first);
        if (first !== master.port && others.every((port) => port === first) && elected !== undefined)
          return elected;
        await delay(20);
      }
    },
    stop: async () => {
      link?.cut();
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const ask = async (port: number, ...[name = '', ...args]: string[]): Promise<unknown> => {
  const client = new Redis({
    port,
    host: LOOPBACK,
    lazyConnect: true,
    retryStrategy: () => null,
    protocol: 2,
  });
  client.on('error', () => {});
  try {
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
};
