/** The gateway's only source of time: real time, unless the sandbox has frozen it. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Freezes the clock at a Unix millisecond; `null` returns to real time. */
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

/**
 * Creates a task that runs `work` when the clock was set back since the last time, and the first time, since it may
 * have been set back before. Work that failed runs again.
 */
export const watchClock = (clock: Clock, work: () => Promise<void>): (() => Promise<void>) => {
  let latest = Number.POSITIVE_INFINITY;
  return async () => {
    const now = clock.now();
    if (now < latest) await work();
    latest = now;
  };
};

/** ISO-8601 in UTC with whole seconds and `+00:00`, as in API responses. Wire protocol §4.6. */
export const formatTime = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, '+00:00');

/** Like {@link formatTime}; `null` stays `null`. */
export const formatOptionalTime = (time: Date | null): string | null =>
  time === null ? null : formatTime(time);

/** ISO-8601 in UTC with `Z`, as in webhooks: microseconds, omitted when zero. Wire protocol §5. */
export const formatEventTime = (time: Date): string =>
  time
    .toISOString()
    .replace(/\.(\d{3})Z$/, (_all, fraction: string) => (fraction === '000' ? 'Z' : `.${fraction}000Z`));
