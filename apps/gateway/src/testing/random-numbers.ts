const RANGE = 2 ** 32;

/**
 * Numbers below a bound that look random and follow from a seed (mulberry32), so that a failure can be run
 * again.
 */
export const randomNumbers = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / RANGE) * below);
  };
};
