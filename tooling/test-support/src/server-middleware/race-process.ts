import type { AdmissionStore } from '@cpg/server-middleware';
import { postgresStore } from '@cpg/server-middleware/postgres';
import { redisStore } from '@cpg/server-middleware/redis';
import pg from 'pg';
import { LOOPBACK } from '../ports.ts';
import { REDIS_LIBRARIES } from './redis.ts';

interface Opened {
  readonly store: AdmissionStore;
  readonly close: () => void;
}

const openRedis =
  (library: 0 | 1) =>
  async (port: number): Promise<Opened> => {
    const [, open] = REDIS_LIBRARIES[library];
    const { client, close } = await open(port);
    return { store: redisStore(client, { deadlineMs: 10_000 }), close };
  };

const openPostgres = async (port: number): Promise<Opened> => {
  const connectionString = `postgresql://cpg@${LOOPBACK}:${port}/postgres`;
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 10_000 });
  return { store: postgresStore(pool, { deadlineMs: 10_000 }), close: () => pool.end() };
};

const BACKENDS = { 'node-redis': openRedis(0), ioredis: openRedis(1), postgres: openPostgres };

export type Backend = keyof typeof BACKENDS;

/** One of several processes that compete for the same signatures; sends its parent the admitted ones of each round. */
const race = async (port: number, backend: Backend): Promise<void> => {
  const { store, close } = await BACKENDS[backend](port);
  const now = Math.floor(Date.now() / 1000);
  const isAdmitted = async (index: number) => {
    const decision = await store.admit({
      keyId: 'ck_full',
      signature: index.toString(16).padStart(64, '0'),
      usedUntil: now + 300,
      minute: Math.floor(now / 60),
      limit: Number.MAX_SAFE_INTEGER,
    });
    return decision === 'admitted';
  };
  process.on('message', async (indices: readonly number[]) => {
    const got = await Promise.all(indices.map(isAdmitted));
    process.send?.(indices.filter((_, position) => got[position]));
  });
  process.on('disconnect', close);
  process.send?.('ready');
};

await race(Number(process.argv[2]), process.argv[3] as Backend);
