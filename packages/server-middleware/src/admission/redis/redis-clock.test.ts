import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RedisClock } from './redis-clock.ts';

describe('RedisClock', () => {
  it('takes every time for past until it has learnt the offset, and again when it has forgotten it', () => {
    const clock = new RedisClock();
    expect(clock.toRedisMs(1_000)).toBe(0);
    clock.learn(1_700_000_000_000, { sentAt: 990, receivedAt: 1_000 });
    expect(clock.toRedisMs(1_500)).toBe(1_700_000_000_500);
    clock.forget();
    expect(clock.toRedisMs(1_500)).toBe(0);
  });

  it('never takes a deadline for later than it is, whatever the offset and the delays', () => {
    const delayMs = fc.double({ min: 0, max: 2_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1.8e12, noNaN: true }),
        fc.array(fc.tuple(delayMs, delayMs, delayMs), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 500, noNaN: true }),
        (offset, replies, deadlineMs) => {
          const clock = new RedisClock();
          let now = 0;
          for (const [pause, there, back] of replies) {
            const sentAt = now + pause;
            const receivedAt = sentAt + there + back;
            clock.learn(Math.floor(sentAt + there + offset), { sentAt, receivedAt });
            now = receivedAt;
          }
          // A thousandth for the arithmetic of such large numbers.
          expect(clock.toRedisMs(now + deadlineMs)).toBeLessThanOrEqual(now + deadlineMs + offset + 0.001);
        },
      ),
    );
  });

  it('keeps the narrowest bound, follows a clock that was set, and replaces a bound that is old', () => {
    const clock = new RedisClock();
    clock.learn(10_000, { sentAt: 0, receivedAt: 2 });
    expect(clock.toRedisMs(0)).toBe(9_998);
    clock.learn(10_300, { sentAt: 100, receivedAt: 500 });
    expect(clock.toRedisMs(0)).toBe(9_998);
    clock.learn(10_600, { sentAt: 600, receivedAt: 601 });
    expect(clock.toRedisMs(0)).toBe(9_999);
    clock.learn(5_700, { sentAt: 700, receivedAt: 704 });
    expect(clock.toRedisMs(0)).toBe(4_996);
    clock.learn(20_800, { sentAt: 800, receivedAt: 801 });
    expect(clock.toRedisMs(0)).toBe(19_999);
    clock.learn(31_000, { sentAt: 10_990, receivedAt: 11_010 });
    expect(clock.toRedisMs(0)).toBe(19_990);
  });
});
