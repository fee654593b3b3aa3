import type { Logger } from 'pino';

export interface Repetition {
  /** What is done, for the log. */
  readonly name: string;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/**
 * Runs a task at an interval, never overlapping. A run that fails, in whatever way, is logged, and the next one comes all the
 * same. The returned function stops it, after the run in flight.
 */
export const repeat = (
  work: () => unknown,
  { name, intervalMs, logger }: Repetition,
): (() => Promise<void>) => {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const run = () => {
    round = (async () => {
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
    await round;
  };
};

/** Logs the failure of something that goes on; a log that cannot be written to does not end it. */
export const logFailure = (logger: Logger, error: unknown, message: string): void => {
  try {
    logger.error({ err: error }, message);
  } catch {
    // There is nowhere left to say it.
  }
};
