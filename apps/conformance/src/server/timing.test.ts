import { describe, expect, it } from 'vitest';
import { cliffsDelta, getEffectSize, median, renderTiming } from './timing.ts';

describe('cliffsDelta', () => {
  it.each<[first: number[], second: number[], delta: number]>([
    [[1, 2, 3], [4, 5, 6], -1],
    [[4, 5, 6], [1, 2, 3], 1],
    [[1, 2, 3], [3, 2, 1], 0],
    [[5, 5], [5, 5], 0],
    [[1, 3], [2], 0],
    [[1, 3, 4], [2], 1 / 3],
    [[10], [9, 9, 11, 9], 0.5],
  ])('of %j and %j is %d', (first, second, delta) => {
    expect(cliffsDelta(first, second)).toBeCloseTo(delta, 12);
  });

  it.each([
    [0, 'negligible'],
    [-0.146, 'negligible'],
    [0.147, 'small'],
    [-0.4, 'medium'],
    [1, 'large'],
  ])('%d is %s', (delta, size) => {
    expect(getEffectSize(delta)).toBe(size);
  });
});

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});

it('explains the times', () => {
  const text = renderTiming({ unknownKey: [100, 110, 120], badSignature: [200, 210, 220] });
  expect(text).toContain('3 interleaved pairs');
  expect(text).toMatch(/unknown key +median 110\.0 µs\n +known key, bad signature +median 210\.0 µs/);
  expect(text).toMatch(/difference of the medians +-100\.0 µs\n +Cliff's delta +-1\.000 \(large\)/);
  expect(text).toContain('An unknown key took longer in 0.0 % of all comparisons');
});
