import { redisStore } from '@cpg/server-middleware/redis';
import { REDIS_LIBRARIES } from './redis.ts';

/** One of several processes that compete for the same signatures; sends its parent the admitted ones of each round. */
const [port, library] = process.argv.slice(2).map(Number) as [number, number];
const [, open] = REDIS_LIBRARIES[library === 0 ? 0 : 1];
const { client, close } = await open(port);
const store = redisStore(client, { deadlineMs: 10_000 });
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
