import { setTimeout as delay } from 'node:timers/promises';
import { ask, askAsync } from './callbacks.ts';

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

const MILLISECONDS = {
  accepts: (value: unknown): value is number => Number.isFinite(value),
  expected: 'a number of milliseconds',
};
const ANYTHING = { accepts: (_value: unknown): _value is unknown => true, expected: 'a promise' };

/** A caller's clock, whose failures become `CpgError` `invalid_configuration`. */
export const guardTime = (time: Time): Time => ({
  now: () => ask('time.now()', () => time.now(), MILLISECONDS),
  sleep: async (milliseconds, signal) => {
    await askAsync('time.sleep()', () => time.sleep(milliseconds, signal), ANYTHING);
  },
});
