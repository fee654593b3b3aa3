import { describe, expect, it } from 'vitest';
import { BALANCE } from '../../test-support/credentials.ts';
import { FakeTime } from '../../test-support/fake-time.ts';
import { ok, refuse } from '../../test-support/raw-answer.ts';
import { NOW, startPair, stopAll } from '../../test-support/start-pair.ts';
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
  it('lets a burst within the limit pass at once', async () => {
    const { time, acquire } = makePacer(5, NOW);
    await Promise.all(Array.from({ length: 5 }, acquire));
    expect(time.sleeps).toEqual([]);
  });

  it('never lets more than the limit into one epoch minute', async () => {
    const { acquire, minutes } = makePacer(5, NOW);
    for (let count = 0; count < 23; count += 1) await acquire();
    expect([...minutes.values()]).toEqual([5, 5, 5, 5, 3]);
  });

  it('spreads a concurrent burst over the minutes that follow', async () => {
    const { time, acquire } = makePacer(5, NOW);
    await Promise.all(Array.from({ length: 12 }, acquire));
    const firstWait = MINUTE - (NOW % MINUTE) + 1_000;
    expect(time.sleeps).toEqual([...Array(5).fill(firstWait), ...Array(2).fill(firstWait + MINUTE)]);
  });

  it('starts anew with the minute, not a minute after the first request', async () => {
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
  it('keeps a burst inside the limit of the key instead of hitting 429', async () => {
    const counts = new Map<number, number>();
    let refused = 0;
    const pair = await startPair(
      (socket) => {
        const minute = Math.floor(pair.time.now() / MINUTE);
        const count = (counts.get(minute) ?? 0) + 1;
        counts.set(minute, count);
        if (count <= 4) return ok(socket, [BALANCE]);
        refused += 1;
        return refuse(socket, [429, 'Rate limit exceeded']);
      },
      { rateLimitPerMinute: 4, deadlineMs: Number.POSITIVE_INFINITY },
    );
    for (let count = 0; count < 10; count += 1) await pair.client.balances.list();
    expect(refused).toBe(0);
    expect([...counts.values()]).toEqual([4, 4, 2]);
    await stopAll();
  });
});
