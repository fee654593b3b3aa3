/** How big a Cliff's delta is, in words (Romano and others, 2006). */
const SIZES = [
  ['negligible', 0.147],
  ['small', 0.33],
  ['medium', 0.474],
  ['large', Number.POSITIVE_INFINITY],
] as const;

export type EffectSize = (typeof SIZES)[number][0];

const countBelow = (sorted: readonly number[], value: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Cliff's delta of two samples: how much more often a value of the first is greater than one of the second, than the other way
 * round. From −1 to 1; 0 when neither is greater more often. It does not mind outliers.
 */
export const cliffsDelta = (first: readonly number[], second: readonly number[]): number => {
  const [a, b] = [first.toSorted((x, y) => x - y), second.toSorted((x, y) => x - y)];
  const greater = a.reduce((sum, value) => sum + countBelow(b, value), 0);
  const smaller = b.reduce((sum, value) => sum + countBelow(a, value), 0);
  return (greater - smaller) / (a.length * b.length);
};

export const effectSizeOf = (delta: number): EffectSize =>
  SIZES.find(([, limit]) => Math.abs(delta) < limit)?.[0] ?? 'large';
