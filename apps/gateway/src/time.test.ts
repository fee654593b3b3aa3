import { expect, it } from 'vitest';
import { createClock, formatEventTime, formatOptionalTime, formatTime, watchClock } from './time.ts';

it('formats whole seconds in UTC with +00:00', () => {
  expect(formatTime(new Date(1747444800999))).toBe('2025-05-17T01:20:00+00:00');
  expect(formatOptionalTime(new Date(1747444800000))).toBe('2025-05-17T01:20:00+00:00');
  expect(formatOptionalTime(null)).toBeNull();
});

it.each([
  ['2025-05-17T01:20:00.000Z', '2025-05-17T01:20:00Z'],
  ['2025-05-17T01:20:00.120Z', '2025-05-17T01:20:00.120000Z'],
])('%s is formatted as %s', (time, expected) => {
  expect(formatEventTime(new Date(time))).toBe(expected);
});

it('watchClock works the first time and whenever the clock was set back, again after a failure', async () => {
  const clock = createClock();
  const times: number[] = [];
  let isFailing = false;
  const task = watchClock(clock, async () => {
    times.push(clock.now());
    if (isFailing) throw new Error('database unavailable');
  });
  const at = async (now: number) => {
    clock.freeze(now);
    await task();
  };
  for (const now of [5, 5, 6, 100, 7, 8]) await at(now);
  expect(times).toEqual([5, 7]);
  isFailing = true;
  await expect(at(3)).rejects.toThrow('database unavailable');
  isFailing = false;
  await at(4);
  await at(4);
  expect(times).toEqual([5, 7, 3, 4]);
});
