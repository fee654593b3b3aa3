import { COUNT_FROM_0, MILLISECONDS, type OptionRules, SIGNAL } from '../options.ts';

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

/** What `checkOptions` accepts for one call. */
export const CALL_RULES: OptionRules<CallOptions> = {
  signal: SIGNAL,
  timeoutMs: MILLISECONDS,
  deadlineMs: MILLISECONDS,
  maxRetries: COUNT_FROM_0,
};

/** The limits of one call: its own, else the client's, else the defaults. */
export const limitsOf = (options: CallOptions, outer: CallLimits = DEFAULT_LIMITS): CallLimits => ({
  timeoutMs: options.timeoutMs ?? outer.timeoutMs,
  deadlineMs: options.deadlineMs ?? outer.deadlineMs,
  maxRetries: options.maxRetries ?? outer.maxRetries,
});
