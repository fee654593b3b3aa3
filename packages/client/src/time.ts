import { ANY, invoke, invokeAsync, methods } from './guards.ts';

/** The client's clock and timers. Replace them in tests to avoid real waits. */
export interface Time {
  /** Unix milliseconds of the local clock, which may be wrong. */
  now(): number;
  /** Resolves after the given milliseconds, or rejects as soon as the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The system's clock and timers. */
export const systemTime: Time = Object.freeze({
  now: () => Date.now(),
  sleep: (milliseconds: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      let stop = (): void => undefined;
      const timer = setTimeout(() => {
        stop();
        resolve();
      }, milliseconds);
      stop = onAbort(signal, () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
});

/** The option rule of a clock. */
export const TIME_RULE = methods('now', 'sleep');

const NUMBER = {
  accepts: (value: unknown): value is number => Number.isFinite(value),
  expected: 'a number of milliseconds',
};

/**
 * Wraps a caller's clock: its errors become `CpgError` `callback_failed`, and an aborted wait always ends.
 */
export const guardTime = (time: Time): Time => (time === systemTime ? time : guardOwnTime(time));

const guardOwnTime = (time: Time): Time => ({
  now: () => invoke('time.now()', () => time.now(), NUMBER),
  sleep: async (milliseconds, signal) => {
    let stop = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = onAbort(signal, () => reject(signal.reason));
    });
    try {
      await Promise.race([invokeAsync('time.sleep()', () => time.sleep(milliseconds, signal), ANY), aborted]);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      stop();
    }
  },
});

/** What this package uses of an `AbortSignal`. */
export type AbortState = Pick<AbortSignal, 'aborted'> & {
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
};

/**
 * Says that a client was closed. Workers forbid an `AbortController` while modules load, where clients are
 * created, and tie it to the request in which it was created.
 */
export class Closing implements AbortState {
  readonly #listeners = new Set<() => void>();
  #aborted = false;

  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    this.#aborted = true;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The end of one attempt. Its `AbortSignal` is created for transports that need one: it costs more than signing. */
export class AttemptEnd extends Closing {
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  override abort(): void {
    if (this.aborted) return;
    this.#controller?.abort();
    super.abort();
  }
}

/** The callbacks of one signal and their common listener. */
interface Subscription {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const subscriptions = new WeakMap<AbortState, Subscription>();

/**
 * Calls back when the signal is aborted, immediately if it already is. Returns a function that unsubscribes.
 *
 * All callbacks of a signal share one listener, which is removed with the last callback. With a listener per
 * call, Node.js would warn of a leak at the eleventh concurrent call.
 */
export const onAbort = (signal: AbortState | undefined, callback: () => void): (() => void) => {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  const subscription = subscriptions.get(signal) ?? subscribe(signal);
  // A function may be subscribed twice.
  const entry = (): void => callback();
  subscription.callbacks.add(entry);
  return () => {
    subscription.callbacks.delete(entry);
    if (subscription.callbacks.size === 0) unsubscribe(signal, subscription);
  };
};

const subscribe = (signal: AbortState): Subscription => {
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

const unsubscribe = (signal: AbortState, subscription: Subscription): void => {
  if (subscriptions.get(signal) !== subscription) return;
  subscriptions.delete(signal);
  signal.removeEventListener('abort', subscription.listener);
};

/** A signal for one call that follows a signal shared by many calls. */
interface FollowingSignal {
  readonly signal: AbortSignal;
  /** Stops following. Must be called at the end of the call. */
  readonly release: () => void;
}

export const followSignal = (outer: AbortSignal | undefined): FollowingSignal => {
  const controller = new AbortController();
  const release = onAbort(outer, () => controller.abort(outer?.reason));
  return { signal: controller.signal, release };
};
