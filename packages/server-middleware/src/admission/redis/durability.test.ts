import { recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import { expect, it, vi } from 'vitest';
import { Durability } from './durability.ts';
import type { RedisFinding } from './inspect-redis.ts';
import type { RedisClient } from './redis-client.ts';

const SAFE: RedisFinding = { check: 'redis clock', status: 'ok', detail: 'in step' };
const UNSAFE: RedisFinding = { check: 'redis memory', status: 'failure', detail: 'evicts' };

it.each([
  ['safe', SAFE, 60_000],
  ['unsafe', UNSAFE, 5_000],
])('inspects a %s Redis again when that is due', async (_name, finding, maxAgeMs) => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  const inspect = vi.fn(async () => [finding]);
  const client = {} as RedisClient;
  const durability = new Durability({ client, inspect, logger: recordingLogger() });
  try {
    for (const [at, inspections] of [
      [1_000, 1],
      [1_000 + maxAgeMs, 1],
      [1_001 + maxAgeMs, 2],
    ] as const) {
      now.mockReturnValue(at);
      durability.refresh();
      await Promise.resolve();
      await new Promise(setImmediate);
      expect(inspect).toHaveBeenCalledTimes(inspections);
    }
  } finally {
    now.mockRestore();
  }
});

it.each([
  ['resolves when Redis is safe', SAFE, undefined],
  ['rejects when Redis is unsafe', UNSAFE, 'requireDurable is set, and Redis may forget used signatures'],
])('%s, by one inspection', async (_name, finding, message) => {
  const inspect = vi.fn(async () => [finding]);
  const durability = new Durability({ client: {} as RedisClient, inspect, logger: recordingLogger() });
  for (const _time of [1, 2]) {
    const outcome = durability.assertSafe().catch((error: Error) => error.message);
    expect(await outcome).toEqual(message === undefined ? undefined : expect.stringContaining(message));
  }
  expect(inspect).toHaveBeenCalledTimes(1);
});
