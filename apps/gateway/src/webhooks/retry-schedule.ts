const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** When an event is attempted, in milliseconds after the first attempt. Contract §5. */
const ATTEMPTS_AT = [0, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 12 * HOUR, 24 * HOUR] as const;

/**
 * How long to wait after the given number of failed attempts, or `undefined` when there were enough of them. Counted from
 * the attempt before, so that a gateway that was down does not catch up on several at once.
 */
export const delayAfterAttempt = (attempts: number): number | undefined => {
  const next = ATTEMPTS_AT[attempts];
  const last = ATTEMPTS_AT[attempts - 1];
  return next === undefined || last === undefined ? undefined : next - last;
};
