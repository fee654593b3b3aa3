import { setTimeout as delay } from 'node:timers/promises';
import type { AdmissionRequest } from '@cpg/server-middleware';
import { type RedisStore, redisStore } from '@cpg/server-middleware/redis';
import { Redis } from 'ioredis';
import { createSentinel } from 'redis';
import { LOOPBACK } from '../ports.ts';
import { SENTINEL_NAME, startSentinels } from '../redis-sentinel.ts';

const silent = { warn: () => {}, error: () => {} };

const openNodeRedis = async (ports: readonly number[]) => {
  const client = createSentinel({
    name: SENTINEL_NAME,
    sentinelRootNodes: ports.map((port) => ({ host: LOOPBACK, port })),
    // Without a socketTimeout a client that reconnects to a hung master waits for its handshake for ever.
    nodeClientOptions: {
      socket: { socketTimeout: 1_000, connectTimeout: 1_000, reconnectStrategy: 100 },
      pingInterval: 500,
    },
    sentinelClientOptions: { socket: { connectTimeout: 1_000 } },
  });
  client.on('error', () => {});
  await client.connect();
  return { client, close: () => void client.destroy() };
};

// Not with failoverDetector: ioredis 6.0 ends for good if the detector reports while it looks for a master.
const openIoredis = async (ports: readonly number[]) => {
  const client = new Redis({
    sentinels: ports.map((port) => ({ host: LOOPBACK, port })),
    name: SENTINEL_NAME,
    connectTimeout: 1_000,
    sentinelCommandTimeout: 1_000,
    retryStrategy: () => 100,
  });
  client.on('error', () => {});
  await client.ping();
  return { client, close: () => client.disconnect() };
};

/** Both libraries, connected through Sentinels as the README says. */
export const SENTINEL_LIBRARIES = { 'node-redis': openNodeRedis, ioredis: openIoredis } as const;

export interface FailoverSettings {
  readonly library: keyof typeof SENTINEL_LIBRARIES;
  readonly waitReplicas: number;
  /** SIGKILL ends the master; SIGSTOP leaves it hung, and it comes back after the failover. */
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** How many signatures are admitted before and after the failover. */
  readonly signatures: number;
  /** Requests at once. */
  readonly lanes: number;
  /** Milliseconds by which the replicas are behind their master. */
  readonly lagMs: number;
  /** More options of every redis-server. */
  readonly settings?: readonly string[];
}

export interface FailoverResult {
  readonly admitted: number;
  /** Requests that were answered 503. */
  readonly rejected: number;
  /** Signatures that were admitted twice, of all that were admitted. */
  readonly replaysAccepted: number;
  /** Signatures of the new master that the old one admitted too, to a process still connected to it. */
  readonly acceptedByOldMaster: number;
  /** Milliseconds from the election of a new master to the next admission. */
  readonly backAfterMs: number;
}

/**
 * Fails a master over to a replica while a store admits signatures, then sends every admitted signature again. Each of them
 * that is admitted a second time was lost.
 */
export const failOver = async (settings: FailoverSettings): Promise<FailoverResult> => {
  const { library, waitReplicas, signal, signatures, lanes } = settings;
  const group = await startSentinels({ lagMs: settings.lagMs, settings: settings.settings ?? [] });
  const { client, close } = await SENTINEL_LIBRARIES[library](group.sentinelPorts);
  const old = new Redis({ port: group.master.port, host: LOOPBACK });
  old.on('error', () => {});
  try {
    const store = redisStore(client, { logger: silent, waitReplicas });
    const stale = redisStore(old, { logger: silent, waitReplicas });
    await admitOne(stale, 'stale');
    const before = await admitAll(store, { name: 'before', count: signatures, lanes, onAdmitted: () => {} });
    const during = admitAll(store, {
      name: 'during',
      count: signatures,
      lanes,
      onAdmitted: async (count) => {
        if (count === lanes * 4) await group.fail(signal);
      },
    });
    await group.failedOver();
    const electedAt = performance.now();
    await admitOne(store, 'probe');
    const backAfterMs = performance.now() - electedAt;
    const { admitted, rejected } = await during;
    const after = await admitAll(store, { name: 'after', count: lanes, lanes, onAdmitted: () => {} });
    let acceptedByOldMaster = 0;
    if (signal === 'SIGSTOP') {
      await group.master.signal('SIGCONT');
      const replays = await Promise.all(after.admitted.map((request) => tryToAdmit(stale, request)));
      acceptedByOldMaster = replays.filter((decision) => decision === 'admitted').length;
    }
    const all = [...before.admitted, ...admitted, ...after.admitted];
    const replaysAccepted = await countReplays(store, all, lanes);
    return {
      admitted: all.length,
      rejected: rejected + before.rejected + after.rejected,
      replaysAccepted,
      acceptedByOldMaster,
      backAfterMs: Math.round(backAfterMs),
    };
  } finally {
    close();
    old.disconnect();
    await group.stop();
  }
};

const createRequest = (name: string, index: number): AdmissionRequest => {
  const now = Math.floor(Date.now() / 1000);
  return {
    keyId: 'ck_full',
    signature: Buffer.from(`${name} ${index}`.padEnd(32)).toString('hex'),
    usedUntil: now + 600,
    minute: Math.floor(now / 60),
    limit: Number.MAX_SAFE_INTEGER,
  };
};

const tryToAdmit = async (store: RedisStore, request: AdmissionRequest) => {
  try {
    return await store.admit(request);
  } catch {
    return 'failed';
  }
};

/** Sends requests, one after the other, until one is admitted: on a busy machine the first may miss its deadline. */
const admitOne = async (store: RedisStore, name: string): Promise<void> => {
  for (let index = 0; (await tryToAdmit(store, createRequest(name, index))) !== 'admitted'; index += 1) {
    await delay(10);
  }
};

interface Load {
  readonly name: string;
  readonly count: number;
  readonly lanes: number;
  readonly onAdmitted: (count: number) => unknown;
}

/** Sends requests until `count` signatures are admitted. */
const admitAll = async (store: RedisStore, { name, count, lanes, onAdmitted }: Load) => {
  const admitted: AdmissionRequest[] = [];
  let rejected = 0;
  let serial = 0;
  const lane = async () => {
    while (admitted.length < count) {
      serial += 1;
      const request = createRequest(name, serial);
      if ((await tryToAdmit(store, request)) === 'admitted') {
        admitted.push(request);
        await onAdmitted(admitted.length);
      } else {
        rejected += 1;
        await delay(5);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { admitted, rejected };
};

/** Sends each request again until there is a decision; counts those that are admitted. */
const countReplays = async (store: RedisStore, requests: readonly AdmissionRequest[], lanes: number) => {
  const left = [...requests];
  let accepted = 0;
  const lane = async () => {
    for (let request = left.pop(); request !== undefined; request = left.pop()) {
      let decision = await tryToAdmit(store, request);
      while (decision === 'failed') {
        await delay(20);
        decision = await tryToAdmit(store, request);
      }
      if (decision === 'admitted') accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return accepted;
};
