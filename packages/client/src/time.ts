import { setTimeout as delay } from 'node:timers/promises';

/** Where the client gets the time and how it waits; replace it in tests so that nothing really sleeps. */
export interface Time {
  /** Unix milliseconds of the local clock, right or wrong. */
  now(): number;
  /** Resolves after that many milliseconds, or rejects as soon as the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The system's clock and timers. */
export const systemTime: Time = Object.freeze({
  now: () => Date.now(),
  sleep: (milliseconds: number, signal: AbortSignal) => delay(milliseconds, undefined, { signal }),
});
