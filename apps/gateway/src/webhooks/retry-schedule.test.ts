import { expect, it } from 'vitest';
import { delayAfterAttempt } from './retry-schedule.ts';

it('attempts at 0, 1 min, 5 min, 30 min, 2 h, 12 h and 24 h, and no more', () => {
  const minutes = [1, 2, 3, 4, 5, 6, 7].map(
    (attempts) => (delayAfterAttempt(attempts) ?? Number.NaN) / 60_000,
  );
  expect(minutes).toEqual([1, 4, 25, 90, 600, 720, Number.NaN]);
});
