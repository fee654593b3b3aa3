import type { Logger } from 'pino';

export interface RepeatOptions {
  /** The task's name in the log. */
  readonly name: string;
  /** Between the end of a run and the next one, at the least. */
  readonly intervalMs: number;
  /** At the most, whatever the task asks for. @default intervalMs */
  readonly maxIntervalMs?: number;
  readonly logger: Logger;
}

/** A task that runs until it is stopped. */
export interface RepeatedTask {
  /** Runs the task again as soon as its interval is over: there may be something to do. */
  wake(): void;
  /** Stops the task and waits for the run in flight. */
  stop(): Promise<void>;
}

// A task that fails again and again, as during an outage, waits longer, up to this.
const MAX_BACKOFF_MS = 2_000;

/**
 * Runs a task at an interval, never overlapping. A failed run is logged and does not stop later runs; the interval
 * doubles with each failure in a row, up to two seconds.
 *
 * @param work - Receives a signal that aborts when the task is stopped. It may return after how many milliseconds it
 *   has something to do; else it runs again after `intervalMs`.
 */
export const repeat = (
  work: (signal: AbortSignal) => unknown,
  { name, intervalMs, maxIntervalMs = intervalMs, logger }: RepeatOptions,
): RepeatedTask => {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let backoffMs = 0;
  let endedAt: number | undefined;
  let isWoken = false;
  const schedule = (delayMs: number) => {
    clearTimeout(timer);
    if (!stopping.signal.aborted) timer = setTimeout(run, delayMs);
  };
  const runOnce = async (): Promise<number> => {
    try {
      const wanted = await work(stopping.signal);
      backoffMs = 0;
      if (isWoken || typeof wanted !== 'number') return intervalMs;
      return Math.max(intervalMs, Math.min(wanted, maxIntervalMs));
    } catch (error) {
      logFailure(logger, error, `${name} failed; will retry`);
      backoffMs = Math.max(intervalMs, Math.min((backoffMs || intervalMs) * 2, MAX_BACKOFF_MS));
      return backoffMs;
    }
  };
  const run = () => {
    isWoken = false;
    endedAt = undefined;
    current = runOnce().then((delayMs) => {
      endedAt = performance.now();
      schedule(delayMs);
    });
  };
  run();
  return {
    wake: () => {
      isWoken = true;
      // Not while it runs, nor while it waits after a failure.
      if (endedAt === undefined || backoffMs > 0) return;
      schedule(Math.max(0, endedAt + intervalMs - performance.now()));
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await current;
    },
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
