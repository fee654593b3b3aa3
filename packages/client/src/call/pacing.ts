import type { CpgError } from '../errors.ts';

/** Everything that decides about another attempt. */
export interface FailedAttempt {
  readonly error: CpgError;
  /** Counts from 1. */
  readonly attempt: number;
  readonly maxRetries: number;
  /** Whether the call may be sent again: a read, or one with an idempotency reference. */
  readonly isRepeatable: boolean;
  /** Whether this answer's `Date` has just corrected the clock. */
  readonly clockCorrected: boolean;
  /** Lower-case names; empty when there was no answer. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Unix milliseconds at the gateway. */
  readonly now: number;
  /** A number from 0 to 1, 1 excluded. */
  readonly random: number;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;
const LONGEST_RETRY_AFTER_MS = 60_000;
const MINUTE_MS = 60_000;
// Past the minute's first moments, and not all clients at once.
const MINUTE_SPREAD_MS = 1_000;

const TRANSIENT_STATUSES = new Set([408, 502, 503, 504]);

/**
 * Milliseconds to wait before the next attempt, or `undefined` when there shall be none. The table in the README is this
 * function. Contract §6, rules 2 to 6.
 */
export const retryDelay = (failed: FailedAttempt): number | undefined => {
  if (!failed.isRepeatable || failed.attempt > failed.maxRetries) return undefined;
  const wish = failed.headers['x-should-retry'];
  if (wish === 'false') return undefined;
  const { error } = failed;
  if (error.rejection === 'timestamp_outside_window') return failed.clockCorrected ? 0 : undefined;
  // This client never signs twice alike: another process with the same key sent the same bytes in the same second.
  if (error.rejection === 'signature_already_used') return 0;
  if (error.status === 429) return afterRateLimit(failed);
  const isTransient = error.status === undefined ? isLost(error) : TRANSIENT_STATUSES.has(error.status);
  return isTransient || wish === 'true' ? (serverWish(failed) ?? backoff(failed)) : undefined;
};

const isLost = (error: CpgError): boolean => error.code === 'connection_failed' || error.code === 'timeout';

const afterRateLimit = (failed: FailedAttempt): number => {
  // The limit of the key says nothing but 429: its counter starts anew with the epoch minute.
  if (failed.headers['retry-after'] === undefined) {
    return MINUTE_MS - (answeredAt(failed) % MINUTE_MS) + Math.round(failed.random * MINUTE_SPREAD_MS);
  }
  return serverWish(failed) ?? backoff(failed);
};

const serverWish = (failed: FailedAttempt): number | undefined => {
  const retryAfter = parseRetryAfter(textOf(failed.headers['retry-after']), answeredAt(failed));
  return retryAfter === undefined ? undefined : Math.min(retryAfter, LONGEST_RETRY_AFTER_MS);
};

/** Unix milliseconds at the machine that answered; its own `Date` knows better than a clock that has learnt nothing yet. */
const answeredAt = ({ headers, now }: FailedAttempt): number => {
  const date = Date.parse(textOf(headers.date) ?? '');
  return Number.isNaN(date) || headers.age !== undefined ? now : date;
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const backoff = ({ attempt, random }: FailedAttempt): number =>
  Math.round(Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS) * (1 - random / 4));

/**
 * Milliseconds that a `Retry-After` header asks for: whole seconds, or an HTTP date seen from `now` (the gateway's clock,
 * Unix milliseconds). `undefined` for anything else; a date in the past is 0.
 */
export const parseRetryAfter = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  // Date.parse alone reads all sorts of text, "-1" among them, as a date.
  if (!/^[A-Z][a-z]+, /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};

// Not in the minute's very first moments: the gateway's clock may still count the minute before.
const MARGIN_MS = 1_000;

/**
 * Spreads requests over epoch minutes so that a burst waits here instead of being refused with 429: the key's limit is
 * counted from second 0 to 59. Contract §2, restriction 4.
 */
export class RatePacer {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #takenByMinute = new Map<number, number>();

  /** `now`: Unix milliseconds at the gateway. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /**
   * Takes a place in the first minute that has one, and waits for that minute with `sleep`. Returns a function that gives
   * the place back, for a request that is not sent after all; when `sleep` fails, the place is given back at once.
   */
  async acquire(sleep: (milliseconds: number) => Promise<void>): Promise<() => void> {
    const current = Math.floor(this.#now() / MINUTE_MS);
    const minute = this.#takePlace(current);
    const release = once(() => this.#givePlaceBack(minute));
    try {
      if (minute > current) await sleep(minute * MINUTE_MS + MARGIN_MS - this.#now());
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #givePlaceBack(minute: number): void {
    const taken = this.#takenByMinute.get(minute);
    if (taken !== undefined) this.#takenByMinute.set(minute, taken - 1);
  }

  #takePlace(current: number): number {
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
