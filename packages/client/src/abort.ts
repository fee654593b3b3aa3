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
