import type { Logger } from 'pino';

export interface RepeatOptions {
  /** The task's name in the log. */
  readonly name: string;
  readonly intervalMs: number;
  readonly logger: Logger;
}

// A task that fails again and again, as during an outage, waits longer, up to this.
const MAX_INTERVAL_MS = 2_000;

/**
 * Runs a task at an interval, never overlapping. A failed run is logged and does not stop later runs; the interval
 * doubles with each failure in a row, up to two seconds.
 *
 * @param work - Receives a signal that aborts when the task is stopped.
 * @returns A function that stops the task and waits for the run in flight.
 */
export const repeat = (
  work: (signal: AbortSignal) => unknown,
  { name, intervalMs, logger }: RepeatOptions,
): (() => Promise<void>) => {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let delayMs = intervalMs;
  const run = () => {
    current = (async () => {
      try {
        await work(stopping.signal);
        delayMs = intervalMs;
      } catch (error) {
        logFailure(logger, error, `${name} failed; will retry`);
        delayMs = Math.max(intervalMs, Math.min(delayMs * 2, MAX_INTERVAL_MS));
      }
      if (!stopping.signal.aborted) timer = setTimeout(run, delayMs);
    })();
  };
  run();
  return async () => {
    stopping.abort();
    clearTimeout(timer);
    await current;
  };
};

/** Logs a failure that the gateway survives. Never throws, even when the log cannot be written. */
export const logFailure = (logger: Logger, error: unknown, message: string): void => {
  try {
    logger.error({ err: error }, message);
  } catch {
    // The log itself failed.
  }
};
