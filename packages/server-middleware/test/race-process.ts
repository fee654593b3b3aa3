import { redisStore } from '../src/admission/redis/redis-store.ts';
import { REDIS_LIBRARIES } from './redis-clients.ts';

/** One of several processes that try to have the same signatures admitted; tells its parent which ones it got. */
const [port, library, count] = process.argv.slice(2).map(Number) as [number, number, number];
const LANES = 64;
const [, open] = REDIS_LIBRARIES[library === 0 ? 0 : 1];
const { client, close } = await open(port);
const store = redisStore(client, { deadlineMs: 10_000 });
const now = Math.floor(Date.now() / 1000);
const admitted: number[] = [];

const lane = async (first: number) => {
  for (let index = first; index < count; index += LANES) {
    const decision = await store.admit({
      keyId: 'ck_full',
      signature: index.toString(16).padStart(64, '0'),
      usedUntil: now + 300,
      minute: Math.floor(now / 60),
      limit: count,
    });
    if (decision === 'admitted') admitted.push(index);
  }
};

process.once('message', async () => {
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  process.send?.(admitted, () => {
    close();
    process.disconnect();
  });
});
process.send?.('ready');
