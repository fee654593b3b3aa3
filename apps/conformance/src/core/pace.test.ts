import { describe, expect, it } from 'vitest';
import { runInScope, scaleDeadline } from './case-scope.ts';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import { Pace } from './pace.ts';

const createPace = (...latencies: readonly number[]): Pace => {
  const pace = new Pace();
  for (const latency of latencies) pace.add(latency);
  return pace;
};

describe('Pace', () => {
  it.each<[name: string, latencies: readonly number[], factor: number]>([
    ['nothing measured', [], 1],
    ['quick responses', [1, 2, 3], 1],
    ['one slow response among quick ones', [1, 5_000, 2], 1],
    ['slow responses', [100, 90, 110], 4],
    ['very slow responses', [9_000, 9_000, 9_000], 20],
    ['responses that were slow long ago', [...Array<number>(30).fill(500), ...Array<number>(30).fill(1)], 1],
  ])('multiplies deadlines: %s', (_name, latencies, factor) => {
    expect(createPace(...latencies).factor).toBe(factor);
  });

  it('waits less after each response that never came, and at least three seconds', () => {
    const pace = createPace();
    const patience = [0, 1, 2, 3, 4].map(() => {
      const milliseconds = pace.getPatience(8_000);
      pace.addSilence();
      return milliseconds;
    });
    expect(patience).toEqual([8_000, 4_000, 3_000, 3_000, 3_000]);
    expect(createPace(50, 50).getPatience(8_000)).toBe(16_000);
  });

  it('applies to the running case only', async () => {
    const { signal } = new AbortController();
    const inside = await runInScope({ signal, pace: createPace(50, 50) }, async () => scaleDeadline(1_000));
    expect([inside, scaleDeadline(1_000)]).toEqual([2_000, 1_000]);
  });
});

describe('withDeadline', () => {
  it('allows more when the machine has become slow in the meantime', async () => {
    let limit = 20;
    const value = new Promise((resolve) => setTimeout(resolve, 60, 'late'));
    setTimeout(() => {
      limit = 60_000;
    }, 5);
    expect(await withDeadline(value, () => limit)).toBe('late');
  });

  it('prefers a response that has arrived while this process did not run', async () => {
    const value = new Promise((resolve) => setImmediate(resolve, 'here'));
    const waiting = withDeadline(value, 1);
    const end = performance.now() + 20;
    while (performance.now() < end);
    expect(await waiting).toBe('here');
  });

  it('rejects after the deadline', async () => {
    await expect(withDeadline(new Promise(() => undefined), 1)).rejects.toThrow(DeadlineExceeded);
  });
});
