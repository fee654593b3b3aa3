import type { CpgError } from '../errors.ts';
import { asText } from '../platform.ts';

/** Everything the retry decision depends on. */
interface FailedAttempt {
  readonly error: CpgError;
  /** Counts from 1. */
  readonly attempt: number;
  readonly maxRetries: number;
  /** Whether the call may be repeated: a read, or a call with an idempotency reference. */
  readonly isRepeatable: boolean;
  /** Whether the clock has an offset that the gateway has not rejected during this call. */
  readonly clockCorrected: boolean;
  /** Header names are in lower case. Empty when there was no response. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Unix milliseconds at the gateway. */
  readonly now: number;
  /** A random number from 0 to 1, excluding 1. */
  readonly random: number;
}

const INITIAL_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8_000;
const MAX_RETRY_AFTER_MS = 60_000;
const MINUTE_MS = 60_000;
// Spreads clients over the first second of the next minute.
const MINUTE_SPREAD_MS = 1_000;

// 520 to 524 are 502 and 504 of Cloudflare.
const TRANSIENT_STATUSES = new Set([408, 502, 503, 504, 520, 521, 522, 523, 524]);

/**
 * Milliseconds to wait before the next attempt, or `undefined` for no retry (wire protocol §6, rules 2 to 6).
 * The documentation's retry table documents this function.
 */
export const getRetryDelay = (failed: FailedAttempt): number | undefined => {
  if (!failed.isRepeatable || failed.attempt > failed.maxRetries) return undefined;
  const shouldRetry = failed.headers['x-should-retry'];
  if (shouldRetry === 'false') return undefined;
  const { error } = failed;
  if (error.rejection === 'timestamp_outside_window') return failed.clockCorrected ? 0 : undefined;
  // The next attempt differs: in its extra parameter, or in its timestamp.
  if (error.rejection === 'signature_already_used') return 0;
  if (error.status === 429) return afterRateLimit(failed);
  const isTransient =
    error.status === undefined ? isConnectionFailure(error) : TRANSIENT_STATUSES.has(error.status);
  return isTransient || shouldRetry === 'true' ? (getRequestedDelay(failed) ?? backoff(failed)) : undefined;
};

const isConnectionFailure = (error: CpgError): boolean =>
  error.code === 'connection_failed' || error.code === 'timeout';

const afterRateLimit = (failed: FailedAttempt): number => {
  // The key's own limit has no Retry-After; its counter resets at the next epoch minute.
  if (failed.headers['retry-after'] === undefined) {
    return MINUTE_MS - (getResponseTime(failed) % MINUTE_MS) + Math.round(failed.random * MINUTE_SPREAD_MS);
  }
  return getRequestedDelay(failed) ?? backoff(failed);
};

const getRequestedDelay = (failed: FailedAttempt): number | undefined => {
  const retryAfter = parseRetryAfter(asText(failed.headers['retry-after']), getResponseTime(failed));
  return retryAfter === undefined ? undefined : Math.min(retryAfter, MAX_RETRY_AFTER_MS);
};

/**
 * Unix milliseconds at the server: its `Date` header, or `now` if that is missing or the response was cached.
 */
const getResponseTime = ({ headers, now }: FailedAttempt): number => {
  const date = Date.parse(asText(headers.date) ?? '');
  return Number.isNaN(date) || headers.age !== undefined ? now : date;
};

const backoff = ({ attempt, random }: FailedAttempt): number =>
  Math.round(Math.min(INITIAL_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS) * (1 - random / 4));

/**
 * The milliseconds in a `Retry-After` header: whole seconds, or an HTTP date compared with `now` (Unix
 * milliseconds of the gateway's clock). 0 for a date in the past, `undefined` for any other text.
 */
const parseRetryAfter = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  // Date.parse alone accepts many other texts, such as "-1".
  if (!/^[A-Z][a-z]+, /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};

// The gateway's clock may be slightly behind and still count the previous minute.
const MARGIN_MS = 1_000;

/**
 * Spreads requests over epoch minutes, so that a burst waits instead of being rejected with 429. The gateway
 * counts a key's requests from second 0 to 59 (wire protocol §2, restriction 4).
 */
export class RatePacer {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #takenByMinute = new Map<number, number>();

  /** `limit`: requests per minute. `now`: Unix milliseconds at the gateway. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /**
   * Takes a slot in the first minute that has one and waits for that minute with `sleep`. Returns a function
   * that releases the slot of a request that was not sent. If `sleep` fails, the slot is released
   * immediately.
   */
  async acquire(sleep: (milliseconds: number) => Promise<void>): Promise<() => void> {
    const current = Math.floor(this.#now() / MINUTE_MS);
    const minute = this.#takeSlot(current);
    const release = once(() => this.#releaseSlot(minute));
    try {
      if (minute > current) await sleep(minute * MINUTE_MS + MARGIN_MS - this.#now());
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #releaseSlot(minute: number): void {
    const taken = this.#takenByMinute.get(minute);
    if (taken !== undefined) this.#takenByMinute.set(minute, taken - 1);
  }

  #takeSlot(current: number): number {
    for (const old of this.#takenByMinute.keys()) {
      if (old < current) this.#takenByMinute.delete(old);
    }
    const takenIn = (minute: number): number => this.#takenByMinute.get(minute) ?? 0;
    let minute = current;
    while (takenIn(minute) >= this.#limit) minute += 1;
    this.#takenByMinute.set(minute, takenIn(minute) + 1);
    return minute;
  }
}

const once = (run: () => void): (() => void) => {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
};
