/** The gateway's only source of time. Real time, unless the sandbox froze it. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Stops at this Unix millisecond; `null` returns to real time. */
  freeze(at: number | null): void;
  readonly frozen: boolean;
}

export const createClock = (realTime: () => number = Date.now): Clock => {
  let frozenAt: number | null = null;
  return {
    now: () => frozenAt ?? realTime(),
    freeze: (at) => {
      frozenAt = at;
    },
    get frozen() {
      return frozenAt !== null;
    },
  };
};
