import type { Logger } from 'pino';

export interface RepeatOptions {
  /** The task's name in the log. */
  readonly name: string;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/**
 * Runs a task at an interval, never overlapping. A failed run is logged and does not stop later runs.
 *
 * @returns A function that stops the task and waits for the run in flight.
 */
export const repeat = (
  work: () => unknown,
  { name, intervalMs, logger }: RepeatOptions,
): (() => Promise<void>) => {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  const run = () => {
    current = (async () => {
      try {
        await work();
      } catch (error) {
        logFailure(logger, error, `${name} failed; will retry`);
      }
      if (!isStopped) timer = setTimeout(run, intervalMs);
    })();
  };
  run();
  return async () => {
    isStopped = true;
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
