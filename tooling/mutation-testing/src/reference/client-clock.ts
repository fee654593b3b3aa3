import { setTimeout as wait } from 'node:timers/promises';

/** The clock of one call, in whole Unix seconds. */
export interface ClientClock {
  readonly now: () => number;
  /** Waits; a length that is no number, or none at all, does not. */
  readonly sleep: (seconds: number) => Promise<void>;
  /** Seconds slept so far. */
  readonly elapsed: () => number;
}

/** A clock that stands still and is moved by sleeping, or the system's when no start is given. */
export const clockFrom = (start: number | undefined): ClientClock => {
  let elapsed = 0;
  return {
    now: () => (start === undefined ? Math.floor(Date.now() / 1000) : start + Math.floor(elapsed)),
    sleep: async (seconds) => {
      if (!(seconds > 0)) return;
      elapsed += seconds;
      if (start === undefined) await wait(seconds * 1000);
    },
    elapsed: () => elapsed,
  };
};
