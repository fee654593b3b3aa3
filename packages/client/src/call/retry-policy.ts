import type { CpgError } from '../errors/cpg-error.ts';
import { parseRetryAfter } from './retry-after.ts';

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
