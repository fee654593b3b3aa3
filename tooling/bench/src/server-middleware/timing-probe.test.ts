import { staticKeys } from '@cpg/server-middleware';
import { describe, expect, it } from 'vitest';
import { compareTimes, getCliffsDelta, prepareAuthenticate, records } from './timing-probe.ts';

describe('the timing probe', () => {
  it.each([
    [[1, 2, 3], [1, 2, 3], 0],
    [[4, 5], [1, 2, 3], 1],
    [[1, 2], [3, 4], -1],
    [[2, 2, 2], [1, 2, 3], 0],
    [[1, 3], [2], 0],
    [[2, 3], [2, 2], 0.5],
  ])('computes the delta of %j and %j', (first, second, delta) => {
    expect(getCliffsDelta(Float64Array.from(first), Float64Array.from(second))).toBe(delta);
  });

  it('finds a key store that takes its time over unknown keys, and names no other kind', async () => {
    const keys = staticKeys(records);
    const leaking = {
      find: (keyId: string) => {
        const key = keys.find(keyId);
        const until = process.hrtime.bigint() + (key === undefined ? 200_000n : 0n);
        while (process.hrtime.bigint() < until);
        return key;
      },
    };
    const { unknown, same } = await compareTimes(prepareAuthenticate(leaking), { rounds: 3, pairs: 200 });
    expect(unknown.delta).toBeGreaterThan(0.8);
    expect(Math.abs(same.delta)).toBeLessThan(0.474);
  });
});
