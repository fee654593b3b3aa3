import { setTimeout as delay } from 'node:timers/promises';
import { type AdmissionStore, redisStore } from '@cpg/server-middleware/redis';
import { startSentinels } from '@cpg/test-support/redis-sentinel';
import { REDIS_LIBRARIES } from '@cpg/test-support/server-middleware/redis';
import { failOver } from '@cpg/test-support/server-middleware/redis-failover';

const ADMISSIONS = 2_048;
const ROUNDS = 9;
const SIGNATURES = 25_000;
const print = (line: string) => process.stdout.write(`${line}\n`);

/**
 * Latency and throughput of `redisStore` with 0, 1 and 2 replicas that must confirm, all on loopback and without fsync: the
 * median of rounds that take turns.
 */
export const benchReplicas = async (): Promise<void> => {
  const group = await startSentinels();
  print('redisStore by replicas that must confirm: requests a second, p50 and p99 in milliseconds');
  for (const [library, open] of REDIS_LIBRARIES) {
    const { client, close } = await open(group.master.port);
    const stores = [0, 1, 2].map((waitReplicas) =>
      redisStore(client, { waitReplicas, deadlineMs: 10_000, logger: SILENT, prefix: `${library}:` }),
    );
    for (const lanes of [1, 64]) {
      const results = stores.map(() => [] as Awaited<ReturnType<typeof measure>>[]);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [waitReplicas, store] of stores.entries()) {
          results[waitReplicas]?.push(await measure(store, lanes, ADMISSIONS));
        }
      }
      for (const [waitReplicas, rounds] of results.entries()) {
        const median = (name: 'perSecond' | 'p50' | 'p99') =>
          rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
        print(
          `${library.padEnd(10)} waitReplicas ${waitReplicas}, ${String(lanes).padStart(2)} at once: ` +
            `${String(median('perSecond')).padStart(6)}/s, p50 ${median('p50').toFixed(2)}, p99 ${median('p99').toFixed(2)}`,
        );
      }
    }
    close();
  }
  await group.stop();
};

export const SILENT = { warn: () => {}, error: () => {} };
let serial = 0;

/** Admits from so many lanes, each with one request in flight. */
export const measure = async (store: AdmissionStore, lanes: number, count: number) => {
  const now = Math.floor(Date.now() / 1000);
  const times: number[] = [];
  const lane = async () => {
    for (let left = count / lanes; left > 0; left -= 1) {
      serial += 1;
      const startedAt = performance.now();
      await store.admit({
        keyId: 'ck_bench',
        signature: serial.toString(16).padStart(64, '0'),
        usedUntil: now + 300,
        minute: Math.floor(now / 60),
        limit: Number.MAX_SAFE_INTEGER,
      });
      times.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const perSecond = Math.round((times.length * 1000) / (performance.now() - startedAt));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond, p50: at(0.5), p99: at(0.99) };
};

/** Fails Redis over under load, and counts used signatures that are admitted again. */
export const benchFailover = async (): Promise<void> => {
  print(`A Sentinel failover amid ${SIGNATURES} admissions, with replicas 20 ms behind their master`);
  for (const library of ['ioredis', 'node-redis'] as const) {
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      for (const waitReplicas of [0, 1]) {
        const settings = { library, signal, waitReplicas, signatures: SIGNATURES / 2, lanes: 256, lagMs: 20 };
        const { admitted, replaysAccepted, acceptedByOldMaster, backAfterMs } = await failOver(settings);
        print(
          `${library.padEnd(10)} ${signal} waitReplicas ${waitReplicas}: of ${admitted} admitted, ${replaysAccepted} were ` +
            `admitted again; the old master admitted ${acceptedByOldMaster}; back ${backAfterMs} ms after the election`,
        );
        await delay(1_000);
      }
    }
  }
};
