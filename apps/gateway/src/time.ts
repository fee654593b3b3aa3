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

/** ISO-8601 in UTC, whole seconds, `+00:00`, as REST answers carry it. Contract §4.6. */
export const formatTime = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, '+00:00');

/** The same, for a time that may not have come. */
export const formatOptionalTime = (time: Date | null): string | null =>
  time === null ? null : formatTime(time);

/** ISO-8601 in UTC with `Z`, the fraction in microseconds and only when it is not zero. Contract §5. */
export const formatEventTime = (time: Date): string =>
  time
    .toISOString()
    .replace(/\.(\d{3})Z$/, (_all, fraction: string) => (fraction === '000' ? 'Z' : `.${fraction}000Z`));
