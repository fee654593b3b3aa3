import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from './abort.ts';
import { ask, askAsync } from './callbacks.ts';
import { methods } from './options.ts';

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

/** What `checkOptions` accepts for a clock. */
export const TIME_RULE = methods('now', 'sleep');

const NUMBER = {
  accepts: (value: unknown): value is number => Number.isFinite(value),
  expected: 'a number of milliseconds',
};
const ANYTHING = { accepts: (_value: unknown): _value is unknown => true, expected: 'a promise' };

/** A caller's clock: its failures become `CpgError` `callback_failed`, and an aborted wait ends whatever it does. */
export const guardTime = (time: Time): Time => ({
  now: () => ask('time.now()', () => time.now(), NUMBER),
  sleep: async (milliseconds, signal) => {
    let stop = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = onAbort(signal, () => reject(signal.reason));
    });
    try {
      await Promise.race([
        askAsync('time.sleep()', () => time.sleep(milliseconds, signal), ANYTHING),
        aborted,
      ]);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      stop();
    }
  },
});
