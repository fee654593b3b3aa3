import { BALANCE, FakeTime, NOW, startServerAndClient, stopAll } from '@cpg/test-support/client/fixtures';
import { ok, reject } from '@cpg/test-support/raw-server';
import { describe, expect, it } from 'vitest';
import { RatePacer } from './pacing.ts';

const MINUTE = 60_000;
const never = new AbortController().signal;

const makePacer = (limit: number, now: number) => {
  const time = new FakeTime(now);
  const pacer = new RatePacer(limit, () => time.now());
  const minutes = new Map<number, number>();
  const acquire = async () => {
    await pacer.acquire((milliseconds) => time.sleep(milliseconds, never));
    const minute = Math.floor(time.now() / MINUTE);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  };
  return { time, acquire, minutes };
};

describe('RatePacer', () => {
  it('does not delay a burst within the limit', async () => {
    const { time, acquire } = makePacer(5, NOW);
    await Promise.all(Array.from({ length: 5 }, acquire));
    expect(time.sleeps).toEqual([]);
  });

  it('allows at most the limit in each epoch minute', async () => {
    const { acquire, minutes } = makePacer(5, NOW);
    for (let count = 0; count < 23; count += 1) await acquire();
    expect([...minutes.values()]).toEqual([5, 5, 5, 5, 3]);
  });

  it('spreads a concurrent burst over the following minutes', async () => {
    const { time, acquire } = makePacer(5, NOW);
    await Promise.all(Array.from({ length: 12 }, acquire));
    const firstWait = MINUTE - (NOW % MINUTE) + 1_000;
    expect(time.sleeps).toEqual([...Array(5).fill(firstWait), ...Array(2).fill(firstWait + MINUTE)]);
  });

  it('resets with the epoch minute, not a minute after the first request', async () => {
    const { time, acquire } = makePacer(1, Math.floor(NOW / MINUTE) * MINUTE + 59_000);
    await acquire();
    time.advance(1_000);
    await acquire();
    expect(time.sleeps).toEqual([]);
  });

  it('follows a clock that is set back', async () => {
    const { time, acquire } = makePacer(1, NOW);
    await acquire();
    time.advance(-60 * MINUTE);
    await acquire();
    expect(time.sleeps).toEqual([]);
  });
});

describe('a client with rateLimitPerMinute', () => {
  it('keeps a burst within the limit of the key', async () => {
    const counts = new Map<number, number>();
    let rejected = 0;
    const pair = await startServerAndClient(
      (socket) => {
        const minute = Math.floor(pair.time.now() / MINUTE);
        const count = (counts.get(minute) ?? 0) + 1;
        counts.set(minute, count);
        if (count <= 4) return ok(socket, [BALANCE]);
        rejected += 1;
        return reject(socket, [429, 'Rate limit exceeded']);
      },
      { rateLimitPerMinute: 4, deadlineMs: Number.POSITIVE_INFINITY },
    );
    for (let count = 0; count < 10; count += 1) await pair.client.balances.list();
    expect(rejected).toBe(0);
    expect([...counts.values()]).toEqual([4, 4, 2]);
    await stopAll();
  });
});
