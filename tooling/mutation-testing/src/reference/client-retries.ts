import { setTimeout as wait } from 'node:timers/promises';
import type { Incoming, Outgoing } from './client-transport.ts';

/** A finished attempt, which may be followed by another. */
export interface Attempted {
  /** `undefined`: no complete response. */
  readonly response: Incoming | undefined;
  readonly request: Outgoing;
  /** Counts from 1. */
  readonly attempt: number;
  /** The number of attempts of this call that were rejected for their timestamp. */
  readonly timestampRejections: number;
  /** Unix seconds by the server's clock, as far as it is known. */
  readonly now: number;
}

/** The steps that decide on a retry, each of which a mutant can replace. Durations in seconds. */
export interface RetryParts {
  readonly maxAttempts: number;
  readonly shouldRetry: (attempted: Attempted) => boolean;
  /** Until the rate limit of the key resets. */
  readonly untilNextMinute: (now: number) => number;
  readonly findRetryAfter: (response: Incoming) => string | undefined;
  readonly readRetryAfter: (text: string, now: number) => number | undefined;
  readonly maxPause: number;
  readonly backoff: number;
  /** Whether the `Date` of this response corrects the clock. */
  readonly learnsFrom: (response: Incoming) => boolean;
  /** How far the server's clock is ahead, by its `Date`; NaN without one. */
  readonly offsetBy: (date: number, now: number) => number;
}

export const isOutsideWindow = ({ status, body }: Incoming): boolean =>
  status === 401 && body.includes('outside the allowed window');

export const isRepeatable = ({ method, body }: Outgoing): boolean =>
  method === 'GET' || body.includes('"client_reference":');

/** Wire protocol §6, rules 2 and 4 to 6. */
export const RETRIES: RetryParts = {
  maxAttempts: 3,
  shouldRetry: ({ response, request, timestampRejections }) => {
    if (!isRepeatable(request)) return false;
    if (response === undefined) return true;
    return isOutsideWindow(response) ? timestampRejections === 1 : [429, 503].includes(response.status);
  },
  untilNextMinute: (now) => 60 - (now % 60),
  findRetryAfter: ({ headers }) => headers['retry-after'],
  readRetryAfter: (text, now) => {
    if (/^[0-9]+$/.test(text)) return Number(text);
    const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(date) ? undefined : Math.max(0, date / 1000 - now);
  },
  maxPause: 60,
  backoff: 1,
  learnsFrom: isOutsideWindow,
  offsetBy: (date, now) => (Number.isNaN(date) ? 0 : date - now),
};

/** Seconds to wait before the next attempt. */
export const pauseAfter = (parts: RetryParts, { response, now }: Attempted): number => {
  if (response === undefined || response.status >= 500) return parts.backoff;
  if (response.status !== 429) return 0;
  const retryAfter = parts.findRetryAfter(response);
  if (retryAfter === undefined) return parts.untilNextMinute(now);
  return Math.min(parts.readRetryAfter(retryAfter, now) ?? parts.backoff, parts.maxPause);
};

/** The clock of one call, in whole Unix seconds. */
export interface ClientClock {
  readonly now: () => number;
  /** Waits. Does not for NaN, zero or a negative duration. */
  readonly sleep: (seconds: number) => Promise<void>;
  /** Seconds slept so far. */
  readonly elapsed: () => number;
}

/** A fake clock that only sleeping moves, or the system clock without a start. */
export const clockFrom = (start: number | undefined): ClientClock => {
  let elapsed = 0;
  return {
    now: () => (start === undefined ? Math.floor(Date.now() / 1000) : start + Math.floor(elapsed)),
    sleep: async (seconds) => {
      if (!(seconds > 0)) return;
      elapsed += seconds;
      if (start === undefined) await wait(seconds * 1000);
    },
    elapsed: () => elapsed,
  };
};
