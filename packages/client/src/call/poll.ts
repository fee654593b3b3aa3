import { CpgError } from '../errors/cpg-error.ts';
import { checkOptions, MILLISECONDS, type OptionRule, type OptionRules, SIGNAL } from '../options.ts';
import type { CallOptions } from './call-options.ts';
import { CallScope } from './call-scope.ts';
import type { ClientContext } from './client-context.ts';

export interface PollOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait in all; `Infinity` for no limit. @default 900000 */
  readonly deadlineMs?: number | undefined;
}

export interface PollToRun<Result> {
  readonly operation: string;
  readonly options: PollOptions;
  readonly rules: Readonly<Record<string, OptionRule>>;
  readonly read: (options: CallOptions) => PromiseLike<Result>;
  readonly isFinal: (result: Result) => boolean;
}

/** What `checkOptions` accepts for waiting. */
export const POLL_RULES: OptionRules<PollOptions> = { signal: SIGNAL, deadlineMs: MILLISECONDS };

const DEFAULT_DEADLINE_MS = 15 * 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const GROWTH = 1.5;

/**
 * Reads until the result is final: after 1 s, then in pauses that grow to 15 s. A failure that may pass by itself is
 * waited out like any other pause.
 *
 * @throws CpgError `deadline_exceeded` when it never became final in time; `aborted`; and what `read` throws for good.
 */
export const poll = async <Result>(
  { time, closed }: ClientContext,
  { operation, options, rules, read, isFinal }: PollToRun<Result>,
): Promise<Result> => {
  checkOptions(operation, options, rules);
  const { signal, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const scope = new CallScope({
    operation,
    idempotencyReference: undefined,
    time,
    deadlineMs,
    signal,
    closed,
  });
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * GROWTH, LONGEST_PAUSE_MS)) {
      scope.throwIfEnded();
      try {
        const result = await read({ signal, deadlineMs: Math.max(1, scope.remainingMs) });
        if (isFinal(result)) return result;
      } catch (error) {
        if (!CpgError.is(error) || !error.retryable) throw error;
      }
      await scope.sleep(pauseMs);
    }
  } finally {
    scope.dispose();
  }
};
