import { NotApplicable } from '../core/checker.ts';
import type { SandboxClock } from './sandbox-clock.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Stops the server's clock in a minute of its own while the body runs, and lets it go afterwards, whatever happens. */
export const withFrozenClock = async (
  { target }: ServerUnderTest,
  body: (clock: SandboxClock, now: number) => Promise<void>,
): Promise<void> => {
  if (target.clock === undefined) throw new NotApplicable('needs: clock');
  const now = target.clock.nextMinute();
  await target.clock.freeze(now);
  try {
    await body(target.clock, now);
  } finally {
    await target.clock.release();
  }
};
