import { ANSWERS } from '../core/answers.ts';
import { Departure, NotApplicable } from '../core/checker.ts';
import type { SandboxClock } from './sandbox-clock.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const HINT =
  'Was the server started afresh for this run, on an empty store? What an earlier run has spent and used up in these minutes still counts.';

/** An earlier run on the same server looks like a server that counts or remembers too much. */
const withHint = (error: unknown): unknown => {
  if (!(error instanceof Departure)) return error;
  const { finding, severity } = error;
  const isUnexpected = [ANSWERS.rateLimit, ANSWERS.alreadyUsed].some(
    ({ message }) => finding.actual.includes(message) && !finding.expected.includes(message),
  );
  return isUnexpected ? new Departure({ hint: HINT, ...finding }, severity) : error;
};

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
  } catch (error) {
    throw withHint(error);
  } finally {
    await target.clock.release();
  }
};
