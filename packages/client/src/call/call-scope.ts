import { CpgError, type CpgErrorCode, type CpgErrorDetails } from '../errors.ts';
import { COUNT_FROM_0, MILLISECONDS, OBJECT, type OptionRules, SIGNAL } from '../guards.ts';
import { AttemptEnd, type Closing, onAbort, type Time } from '../time.ts';

/** Options of a single call. Each overrides the client's setting. */
export interface CallOptions {
  /** Aborts the call, including its waits. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds for one attempt. The call may take longer, because a timed-out attempt can be retried.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Milliseconds for the whole call, including waits and retries; `Infinity` for no limit. @default 120000
   */
  readonly deadlineMs?: number | undefined;
  /** Attempts after the first; 0 turns retries off. @default 2 */
  readonly maxRetries?: number | undefined;
  /**
   * Headers to send. They replace headers of the client with the same names, but never the three of the
   * authentication or those that frame the request.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly maxRetries: number;
}

const DEFAULT_LIMITS: CallLimits = { timeoutMs: 30_000, deadlineMs: 120_000, maxRetries: 2 };

/** Option rules of a single call. */
export const CALL_RULES: OptionRules<CallOptions> = {
  signal: SIGNAL,
  timeoutMs: MILLISECONDS,
  deadlineMs: MILLISECONDS,
  maxRetries: COUNT_FROM_0,
  headers: OBJECT,
};

/** The limits of a call: its own options, then the client's, then the defaults. */
export const resolveLimits = (options: CallOptions, outer: CallLimits = DEFAULT_LIMITS): CallLimits => ({
  timeoutMs: options.timeoutMs ?? outer.timeoutMs,
  deadlineMs: options.deadlineMs ?? outer.deadlineMs,
  maxRetries: options.maxRetries ?? outer.maxRetries,
});

// Node.js fires longer timers immediately. 24 days are as good as no limit.
const MAX_TIMER_MS = 2 ** 31 - 1;

interface CallScopeOptions {
  readonly operation: string;
  readonly idempotencyReference: string | undefined;
  readonly time: Time;
  /** Milliseconds for the whole call; `Infinity` for no limit. */
  readonly deadlineMs: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
  /** Each is aborted when a client is closed that the call depends on. */
  readonly closed: readonly Closing[];
}

let calls = 0;

/** One logical call: counts its attempts and ends it on its signal, `close()`, deadline or timeout. */
export class CallScope {
  readonly operation: string;
  /** Unique in this process. */
  readonly id: number;
  readonly #options: CallScopeOptions;
  readonly #deadlineAt: number;
  /** Aborts the wait or the attempt in progress. */
  #current: AttemptEnd | undefined;
  readonly #unsubscribe: (() => void) | undefined;
  #attempts = 0;

  constructor(options: CallScopeOptions) {
    calls += 1;
    this.id = calls;
    this.operation = options.operation;
    this.#options = options;
    this.#deadlineAt = options.time.now() + options.deadlineMs;
    // Unlike AbortSignal.any, these listeners are removed when the call ends.
    if (options.signal !== undefined) this.#unsubscribe = onAbort(options.signal, this.#end);
    for (const closing of options.closed) closing.addEventListener('abort', this.#end);
  }

  readonly #end = (): void => this.#current?.abort();

  /** Attempts started so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Milliseconds left until the deadline. */
  get remainingMs(): number {
    return this.#deadlineAt - this.#options.time.now();
  }

  /** Properties of every error of this call. */
  get details(): CpgErrorDetails {
    return { attempts: this.#attempts, idempotencyReference: this.#options.idempotencyReference };
  }

  /** Creates an error of this call. */
  error(code: CpgErrorCode, problem: string, details: CpgErrorDetails = {}): CpgError {
    return new CpgError(code, `${this.operation}: ${problem}`, { ...this.details, ...details });
  }

  /** @throws CpgError `aborted`, `client_closed` or `deadline_exceeded` when the call has ended. */
  throwIfEnded(): void {
    const { signal, closed } = this.#options;
    if (closed.some(({ aborted }) => aborted)) throw this.error('client_closed', 'this client was closed.');
    if (signal?.aborted) {
      throw this.error('aborted', 'the call was aborted by its signal.', { cause: signal.reason });
    }
    if (this.remainingMs <= 0) throw this.#deadlineExceeded();
  }

  /** Waits. Fails immediately if the deadline would pass during the wait. */
  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.throwIfEnded();
    if (milliseconds >= this.remainingMs) throw this.#deadlineExceeded();
    try {
      const end = new AttemptEnd();
      this.#current = end;
      await this.#options.time.sleep(milliseconds, end.signal);
    } finally {
      // Replaces the timer's abort error with the reason the call ended.
      this.throwIfEnded();
    }
  };

  /** Runs one attempt, which ends on timeout and when the call ends. `limitMs`: milliseconds until then. */
  async attempt<Result>(
    timeoutMs: number,
    run: (end: AttemptEnd, limitMs: number) => Promise<Result>,
  ): Promise<Result> {
    this.#attempts += 1;
    const end = new AttemptEnd();
    this.#current = end;
    const limit = Math.min(timeoutMs, this.remainingMs);
    const timer = limit <= MAX_TIMER_MS ? setTimeout(this.#end, limit) : undefined;
    try {
      return await run(end, limit);
    } catch (error) {
      if (!end.aborted) throw error;
      this.throwIfEnded();
      if (limit < timeoutMs) throw this.#deadlineExceeded();
      throw this.error('timeout', `no response within ${timeoutMs} ms.`, { retryable: true });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Removes the listeners from the outer signals. */
  dispose(): void {
    this.#unsubscribe?.();
    for (const closing of this.#options.closed) closing.removeEventListener('abort', this.#end);
  }

  #deadlineExceeded(): CpgError {
    return this.error('deadline_exceeded', `not finished within ${this.#options.deadlineMs} ms.`, {
      retryable: true,
    });
  }
}
