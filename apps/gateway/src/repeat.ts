import type { Logger } from 'pino';

export interface Repetition {
  /** What is done, for the log. */
  readonly name: string;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/** Does something again and again, one round at a time. The returned function stops it, after the round under way. */
export const repeat = (
  work: () => Promise<unknown>,
  { name, intervalMs, logger }: Repetition,
): (() => Promise<void>) => {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const run = () => {
    round = work()
      .catch((error: unknown) => logger.error({ err: error }, `${name} failed; it goes on`))
      .then(() => {
        if (!isStopped) timer = setTimeout(run, intervalMs);
      });
  };
  run();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await round;
  };
};
