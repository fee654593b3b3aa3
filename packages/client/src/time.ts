import { setTimeout as delay } from 'node:timers/promises';
import { ask, askAsync, methods } from './guards.ts';

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

/** The callbacks that wait for one signal, and the one listener that serves them all. */
interface Subscription {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const subscriptions = new WeakMap<AbortSignal, Subscription>();

/**
 * Calls back when the signal is aborted, at once when it already is. Returns a function that stops it.
 *
 * All callbacks of a signal share one listener, taken off with the last of them: a listener for each call would make
 * Node.js warn of a leak at the eleventh concurrent call, and would pile up on a signal that outlives its calls.
 */
export const onAbort = (signal: AbortSignal | undefined, callback: () => void): (() => void) => {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  const subscription = subscriptions.get(signal) ?? subscribe(signal);
  // Two subscriptions of one function are two callbacks.
  const entry = (): void => callback();
  subscription.callbacks.add(entry);
  return () => {
    subscription.callbacks.delete(entry);
    if (subscription.callbacks.size === 0) unsubscribe(signal, subscription);
  };
};

const subscribe = (signal: AbortSignal): Subscription => {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    unsubscribe(signal, subscription);
    for (const callback of [...callbacks]) callback();
  };
  const subscription = { callbacks, listener };
  signal.addEventListener('abort', listener);
  subscriptions.set(signal, subscription);
  return subscription;
};

const unsubscribe = (signal: AbortSignal, subscription: Subscription): void => {
  if (subscriptions.get(signal) !== subscription) return;
  subscriptions.delete(signal);
  signal.removeEventListener('abort', subscription.listener);
};

/** A signal of one call that follows a signal which many calls may share. */
export interface FollowingSignal {
  readonly signal: AbortSignal;
  /** Ends the following; to be called when the call is over. */
  readonly release: () => void;
}

export const followSignal = (outer: AbortSignal | undefined): FollowingSignal => {
  const controller = new AbortController();
  const release = onAbort(outer, () => controller.abort(outer?.reason));
  return { signal: controller.signal, release };
};
