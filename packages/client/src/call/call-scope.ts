import { CpgError, type CpgErrorCode, type CpgErrorDetails } from '../errors.ts';
import { COUNT_FROM_0, MILLISECONDS, type OptionRules, SIGNAL } from '../guards.ts';
import { onAbort, type Time } from '../time.ts';

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

// Node.js fires a longer timer at once; nobody waits those 24 days.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface CallScopeOptions {
  readonly operation: string;
  readonly idempotencyReference: string | undefined;
  readonly time: Time;
  /** Milliseconds for the whole call; `Infinity` for no limit. */
  readonly deadlineMs: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
}

/** One logical call: how often it was sent, and what may end it from outside (signal, `close()`, deadline, timeout). */
export class CallScope {
  readonly operation: string;
  readonly #options: CallScopeOptions;
  readonly #deadlineAt: number;
  readonly #ended = new AbortController();
  readonly #unsubscribe: readonly (() => void)[];
  #attempts = 0;

  constructor(options: CallScopeOptions) {
    this.operation = options.operation;
    this.#options = options;
    this.#deadlineAt = options.time.now() + options.deadlineMs;
    // Not AbortSignal.any: this is undone when the call ends, also for a signal that lives for ever.
    this.#unsubscribe = [options.signal, options.closed].map((outer) => onAbort(outer, this.#end));
  }

  readonly #end = (): void => this.#ended.abort();

  /** Attempts begun so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Milliseconds until the deadline. */
  get remainingMs(): number {
    return this.#deadlineAt - this.#options.time.now();
  }

  /** What every error of this call carries. */
  get details(): CpgErrorDetails {
    return { attempts: this.#attempts, idempotencyReference: this.#options.idempotencyReference };
  }

  /** An error of this call. */
  error(code: CpgErrorCode, problem: string, details: CpgErrorDetails = {}): CpgError {
    return new CpgError(code, `${this.operation}: ${problem}`, { ...this.details, ...details });
  }

  /** @throws CpgError `aborted`, `client_closed` or `deadline_exceeded` when the call must not go on. */
  throwIfEnded(): void {
    const { signal, closed } = this.#options;
    if (closed.aborted) throw this.error('client_closed', 'this client was closed.');
    if (signal?.aborted) {
      throw this.error('aborted', 'the call was aborted by its signal.', { cause: signal.reason });
    }
    if (this.remainingMs <= 0) throw this.#deadlineExceeded();
  }

  /** Waits; fails at once when the deadline would pass meanwhile. */
  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.throwIfEnded();
    if (milliseconds >= this.remainingMs) throw this.#deadlineExceeded();
    try {
      await this.#options.time.sleep(milliseconds, this.#ended.signal);
    } finally {
      // Says what ended the wait, in place of the timer's own abort error.
      this.throwIfEnded();
    }
  };

  /** Runs one attempt under a signal that its timeout, and everything that ends the call, aborts. */
  async attempt<Result>(timeoutMs: number, run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.#attempts += 1;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const limit = Math.min(timeoutMs, this.remainingMs);
    const timer = limit <= LONGEST_TIMER_MS ? setTimeout(abort, limit) : undefined;
    this.#ended.signal.addEventListener('abort', abort);
    try {
      return await run(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      this.throwIfEnded();
      if (limit < timeoutMs) throw this.#deadlineExceeded();
      throw this.error('timeout', `no answer within ${timeoutMs} ms.`, { retryable: true });
    } finally {
      clearTimeout(timer);
      this.#ended.signal.removeEventListener('abort', abort);
    }
  }

  /** Stops following the outer signals. */
  dispose(): void {
    for (const stop of this.#unsubscribe) stop();
  }

  #deadlineExceeded(): CpgError {
    return this.error('deadline_exceeded', `could not end within ${this.#options.deadlineMs} ms.`, {
      retryable: true,
    });
  }
}
