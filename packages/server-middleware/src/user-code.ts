import type { Channel, ChannelListener } from 'node:diagnostics_channel';
import { ServerMiddlewareError } from './errors.ts';
import { describeCauses, Muting, withoutSecrets } from './muting.ts';

/** The methods of a logger that this package calls; loggers of pino, bunyan and winston, and the console, fit. */
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

/** Whether a value is a promise, also one of another realm or library. */
const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';

/** A callback that only observes: nothing depends on its result. */
interface Observer {
  /** Its name in the report. */
  readonly name: string;
  /** The function or object that the caller passed in; its failures are reported together. */
  readonly callback: object;
  readonly logger: Logger;
}

const CALLBACK_EVERY_MS = 60_000;
const failures = new Muting();

/**
 * Calls an observer. If it throws or rejects, that is reported as `callback_failed`, at most once a minute for each callback;
 * the decision about the request stays the same, and the process continues.
 */
export const callObserver = ({ name, callback, logger }: Observer, call: () => unknown): void => {
  const report = (cause: unknown) => {
    const line = { code: 'callback_failed', subject: callback, intervalMs: CALLBACK_EVERY_MS };
    failures.log(line, (more) => {
      const err = new ServerMiddlewareError(
        'callback_failed',
        `${name} failed: ${describeCauses(cause)}. Requests are not affected.`,
        { cause, subject: name },
      );
      const { code, help, subject } = err;
      logger.error({ err: withoutSecrets(err), code, help, subject }, `${err.message}${more}`);
    });
  };
  try {
    const result = call();
    if (isPromiseLike(result)) Promise.resolve(result).then(undefined, report);
  } catch (cause) {
    report(cause);
  }
};

const guardedLoggers = new WeakMap<Logger, Logger>();

// winston takes the text first, and would log fields in its place as "[object Object]".
const isTextFirst = (logger: Logger): boolean => {
  const { log, transports } = logger as { readonly log?: unknown; readonly transports?: unknown };
  return typeof log === 'function' && Array.isArray(transports);
};

const writeTextFirst: Log = (write, fields, message) => {
  // winston shows an error inside the fields as {}.
  const { err, ...rest } = fields;
  return write(message as never, { ...rest, stack: (err as Error | undefined)?.stack } as never);
};

type Log = (write: Logger['error'], fields: Readonly<Record<string, unknown>>, message: string) => unknown;

/** Wraps a logger so that it never fails: what it throws or rejects with becomes a process warning. */
export const guardLogger = (logger: Logger = processWarnings): Logger => {
  const known = guardedLoggers.get(logger);
  if (known !== undefined) return known;
  const guardMethod = (level: keyof Logger): Logger['error'] => {
    const observer = { name: `logger.${level}`, callback: logger, logger: processWarnings };
    return (fields, message) =>
      callObserver(observer, () => {
        const write: Logger['error'] = (...parameters) => logger[level](...parameters);
        return isTextFirst(logger) ? writeTextFirst(write, fields, message) : write(fields, message);
      });
  };
  const guarded: Logger = Object.freeze({ warn: guardMethod('warn'), error: guardMethod('error') });
  guardedLoggers.set(logger, guarded);
  // So that a guarded logger is not wrapped again.
  guardedLoggers.set(guarded, guarded);
  return guarded;
};

const GUARDED_CHANNEL = Symbol.for('cpg.server-middleware.guarded-channel');

/**
 * Guards every later subscriber of a channel. Without it, a subscriber that throws or rejects ends the process with an
 * uncaught exception or an unhandled rejection.
 */
export const guardSubscribers = (channel: Channel): void => {
  if (GUARDED_CHANNEL in channel) return;
  const wrappers = new WeakMap<object, ChannelListener>();
  const own = new WeakSet<object>();
  // Node changes the prototype of a channel with its first and last subscriber.
  const getMethods = (): Channel => Object.getPrototypeOf(channel);
  const wrap = (listener: ChannelListener): ChannelListener => {
    // An active channel subscribes through itself. For anything but a function Node throws its own error.
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
 * Reads the caller's clock. Fails closed: without a usable time, no window and no rate can be checked.
 *
 * @throws ServerMiddlewareError `clock_failed`
 */
export const readClock = (clock: () => number): number => {
  let ms: unknown;
  try {
    ms = clock();
  } catch (cause) {
    throw new ServerMiddlewareError('clock_failed', `clock failed: ${describeCauses(cause)}`, { cause });
  }
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  // What a promise rejects with must not become an unhandled rejection.
  if (isPromiseLike(ms)) Promise.resolve(ms).then(undefined, () => {});
  throw new ServerMiddlewareError(
    'clock_failed',
    `clock must return milliseconds, a finite number: got a value of type ${typeof ms}.`,
  );
};

interface Hook<Value> {
  /** The name of the option. */
  readonly name: string;
  readonly call: () => unknown;
  /** What it must return. */
  readonly expected: string;
  readonly isExpected: (result: unknown) => result is Value;
}

/**
 * Calls a function of the caller that decides about a request. Fails closed: a request for which it cannot decide is rejected.
 *
 * @throws ServerMiddlewareError `hook_failed` when it throws, or returns an unusable value, such as a promise.
 */
export const callHook = <Value>({ name, call, expected, isExpected }: Hook<Value>): Value => {
  let result: unknown;
  try {
    result = call();
  } catch (cause) {
    throw new ServerMiddlewareError('hook_failed', `${name} failed: ${describeCauses(cause)}`, { cause });
  }
  if (isExpected(result)) return result;
  const isPromise = isPromiseLike(result);
  // What a promise rejects with must not become an unhandled rejection.
  if (isPromise) Promise.resolve(result).then(undefined, () => {});
  throw new ServerMiddlewareError(
    'hook_failed',
    `${name} must return ${expected}: got ${isPromise ? 'a promise; it cannot be async' : typeof result}.`,
  );
};

interface StoreCall<Value> {
  /** The store's name in errors. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly call: () => Value | PromiseLike<Value>;
}

/**
 * Calls a store, with a deadline. A result that is no promise is returned at once, without a timer.
 *
 * @throws ServerMiddlewareError `store_deadline` after the deadline; `store_unavailable`, with the cause, for anything else
 * that it throws.
 */
export const callStore = <Value>({ name, timeoutMs, call }: StoreCall<Value>): Value | Promise<Value> => {
  let pending: Promise<Value>;
  try {
    const result = call();
    if (!isPromiseLike(result)) return result;
    pending = Promise.resolve(result);
  } catch (cause) {
    throw toStoreError(name, cause);
  }
  return new Promise<Value>((resolve, reject) => {
    const expire = () =>
      reject(
        new ServerMiddlewareError('store_deadline', `${name} did not respond within ${timeoutMs} ms.`, {
          subject: name,
        }),
      );
    // After the replies that have arrived: when this process was busy, its timers run before them.
    const timer = setTimeout(() => setImmediate(expire), timeoutMs);
    pending.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(toStoreError(name, cause));
      },
    );
  });
};

const toStoreError = (name: string, cause: unknown): ServerMiddlewareError =>
  ServerMiddlewareError.is(cause)
    ? cause
    : new ServerMiddlewareError('store_unavailable', `${name} failed: ${describeCauses(cause)}`, {
        cause,
        subject: name,
      });
