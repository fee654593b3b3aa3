import type { Channel, ChannelListener } from 'node:diagnostics_channel';
import { ServerMiddlewareError } from './errors.ts';

/** What this package needs of a logger; a pino logger fits as it is. */
export interface Logger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const emit = ({ code }: Readonly<Record<string, unknown>>, message: string): void => {
  process.emitWarning(message, {
    type: 'CpgServerMiddleware',
    code: typeof code === 'string' ? code : undefined,
  });
};

/** The logger used when none is given: Node's process warnings, which go to stderr. */
export const processWarnings: Logger = Object.freeze({ warn: emit, error: emit });

/** Whether a value has to be waited for; a promise of another realm or library too. */
export const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';

/** The text of a thrown value, whatever it is. */
export const describeThrown = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return 'a value that has no text';
  }
};

/** A callback that is told of something, and whose result nothing depends on. */
export interface Observer {
  /** Its name in the report. */
  readonly name: string;
  /** The function or object that the caller passed in: its failure is reported once. */
  readonly callback: object;
  readonly logger: Logger;
}

const reported = new WeakSet<object>();

/**
 * Calls an observer. What it throws, or rejects with, is reported once, as `callback_failed`, and changes nothing else: not
 * the decision about a request, and not the life of the process.
 */
export const callObserver = ({ name, callback, logger }: Observer, call: () => unknown): void => {
  const report = (cause: unknown) => {
    if (reported.has(callback)) return;
    reported.add(callback);
    const err = new ServerMiddlewareError(
      'callback_failed',
      `${name} failed: ${describeThrown(cause)}. Requests are served all the same; later failures of this callback are not reported.`,
      { cause },
    );
    logger.error({ err, code: err.code, help: err.help }, err.message);
  };
  try {
    const result = call();
    if (isPromiseLike(result)) Promise.resolve(result).then(undefined, report);
  } catch (cause) {
    report(cause);
  }
};

const guardedLoggers = new WeakMap<Logger, Logger>();

/** A logger that never fails: what the given one throws or rejects with becomes one process warning. */
export const guardLogger = (logger: Logger = processWarnings): Logger => {
  const known = guardedLoggers.get(logger);
  if (known !== undefined) return known;
  const guardMethod = (level: keyof Logger): Logger['error'] => {
    const observer = { name: `logger.${level}`, callback: logger, logger: processWarnings };
    return (fields, message) => callObserver(observer, () => logger[level](fields, message));
  };
  const guarded: Logger = Object.freeze({ warn: guardMethod('warn'), error: guardMethod('error') });
  guardedLoggers.set(logger, guarded);
  // Guarding twice is guarding once.
  guardedLoggers.set(guarded, guarded);
  return guarded;
};

const GUARDED_CHANNEL = Symbol.for('cpg.server-middleware.guarded-channel');

/**
 * Guards those who subscribe to a channel from now on. Node makes what a subscriber throws an uncaught exception, and ignores
 * what it rejects with, which ends the process just the same.
 */
export const guardSubscribers = (channel: Channel): void => {
  if (GUARDED_CHANNEL in channel) return;
  const wrappers = new WeakMap<object, ChannelListener>();
  const own = new WeakSet<object>();
  // Node changes the prototype of a channel with its first and last subscriber.
  const getMethods = (): Channel => Object.getPrototypeOf(channel);
  const wrap = (listener: ChannelListener): ChannelListener => {
    // An active channel subscribes through itself; no function is Node's error to report.
    if (typeof listener !== 'function' || own.has(listener)) return listener;
    const observer = {
      name: `A subscriber of ${String(channel.name)}`,
      callback: listener,
      logger: processWarnings,
    };
    const wrapper: ChannelListener =
      wrappers.get(listener) ?? ((message, name) => callObserver(observer, () => listener(message, name)));
    wrappers.set(listener, wrapper);
    own.add(wrapper);
    return wrapper;
  };
  Object.defineProperties(channel, {
    [GUARDED_CHANNEL]: { value: true },
    subscribe: { value: (listener: ChannelListener) => getMethods().subscribe.call(channel, wrap(listener)) },
    unsubscribe: {
      value: (listener: ChannelListener) => getMethods().unsubscribe.call(channel, wrap(listener)),
    },
  });
};

/**
 * Reads a clock that was passed in. With a clock that stands wrong no window and no minute can be checked, so this fails closed.
 *
 * @throws ServerMiddlewareError `clock_failed`
 */
export const readClock = (clock: () => number): number => {
  let ms: unknown;
  try {
    ms = clock();
  } catch (cause) {
    throw new ServerMiddlewareError('clock_failed', `clock failed: ${describeThrown(cause)}`, { cause });
  }
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  // A promise is no time; what it rejects with must not be an unhandled rejection.
  if (isPromiseLike(ms)) Promise.resolve(ms).then(undefined, () => {});
  throw new ServerMiddlewareError(
    'clock_failed',
    `clock must return milliseconds, a finite number: got a value of type ${typeof ms}.`,
  );
};

/** What is asked, its name in errors, and how long it may take. */
export interface StoreQuestion<Value> {
  readonly what: string;
  readonly timeoutMs: number;
  readonly ask: () => Value | PromiseLike<Value>;
}

/**
 * Asks a store and waits no longer than its deadline. An answer that is no promise is returned at once, without a timer.
 *
 * @throws ServerMiddlewareError `store_deadline` when it is late; `store_unavailable`, with the cause, for whatever else
 * it throws.
 */
export const askStore = <Value>(question: StoreQuestion<Value>): Value | Promise<Value> => {
  const { what, timeoutMs, ask } = question;
  const fault = (cause: unknown) => storeFault(what, cause);
  let pending: Promise<Value>;
  try {
    const answer = ask();
    if (!isPromiseLike(answer)) return answer;
    pending = Promise.resolve(answer);
  } catch (cause) {
    throw fault(cause);
  }
  return new Promise<Value>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new ServerMiddlewareError('store_deadline', `${what} did not answer within ${timeoutMs} ms.`));
    }, timeoutMs);
    pending.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(fault(cause));
      },
    );
  });
};

const storeFault = (what: string, cause: unknown): ServerMiddlewareError =>
  ServerMiddlewareError.is(cause)
    ? cause
    : new ServerMiddlewareError('store_unavailable', `${what} failed; see the cause.`, { cause });
