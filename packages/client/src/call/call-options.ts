import { CpgError } from '../errors/cpg-error.ts';

/** What a single call may decide for itself; each goes before the client's own setting. */
export interface CallOptions {
  /** Ends the call, its waiting included. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt. A timed-out attempt may be retried, so that the call takes longer. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for the whole call, waiting and retries included; `Infinity` for no limit. @default 120000 */
  readonly deadlineMs?: number | undefined;
  /** Attempts after the first; 0 for none at all. @default 2 */
  readonly maxRetries?: number | undefined;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly maxRetries: number;
}

const DEFAULT_LIMITS: CallLimits = { timeoutMs: 30_000, deadlineMs: 120_000, maxRetries: 2 };

/**
 * The limits of one call: its own, else the client's, else the defaults.
 *
 * @throws CpgError `invalid_configuration` for a limit that is not a number in range.
 */
export const limitsOf = (options: CallOptions, outer: CallLimits = DEFAULT_LIMITS): CallLimits => ({
  timeoutMs: requirePositive('timeoutMs', options.timeoutMs ?? outer.timeoutMs),
  deadlineMs: requirePositive('deadlineMs', options.deadlineMs ?? outer.deadlineMs),
  maxRetries: requireWhole('maxRetries', options.maxRetries ?? outer.maxRetries),
});

const requirePositive = (name: string, value: number): number => {
  if (typeof value === 'number' && value > 0) return value;
  throw new CpgError(
    'invalid_configuration',
    `${name} must be a number of milliseconds above 0: got ${value}.`,
  );
};

const requireWhole = (name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new CpgError('invalid_configuration', `${name} must be a whole number from 0 on: got ${value}.`);
};
