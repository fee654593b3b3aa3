import { setTimeout as wait } from 'node:timers/promises';
import type { Incoming, Outgoing } from './client-transport.ts';

/** One attempt that may be followed by another. */
export interface Attempted {
  /** `undefined`: no whole answer. */
  readonly answer: Incoming | undefined;
  readonly request: Outgoing;
  /** Counts from 1. */
  readonly attempt: number;
  /** How many attempts of this call were refused for their timestamp. */
  readonly refusedForTime: number;
  /** Unix seconds at the server, as far as they are known. */
  readonly now: number;
}

/** The steps that decide about another attempt, each replaceable by a broken one. Lengths in seconds. */
export interface RetryParts {
  readonly mostAttempts: number;
  readonly sendsAgain: (attempted: Attempted) => boolean;
  /** Until the counter of the key starts anew. */
  readonly untilNextMinute: (now: number) => number;
  readonly readRetryAfter: (text: string, now: number) => number | undefined;
  readonly longestPause: number;
  readonly backoff: number;
  /** Whether the `Date` of this answer corrects the clock. */
  readonly learnsFrom: (answer: Incoming) => boolean;
  /** How far the server's clock is ahead, by its `Date`. */
  readonly offsetBy: (date: number, now: number) => number;
}

export const isOutsideWindow = ({ status, body }: Incoming): boolean =>
  status === 401 && body.includes('outside the allowed window');

export const isRepeatable = ({ method, body }: Outgoing): boolean =>
  method === 'GET' || body.includes('"client_reference":');

/** The contract's way: §6, rules 2 and 4 to 6. */
export const RETRIES: RetryParts = {
  mostAttempts: 3,
  sendsAgain: ({ answer, request, refusedForTime }) => {
    if (!isRepeatable(request)) return false;
    if (answer === undefined) return true;
    return isOutsideWindow(answer) ? refusedForTime === 1 : [429, 503].includes(answer.status);
  },
  untilNextMinute: (now) => 60 - (now % 60),
  readRetryAfter: (text, now) => {
    if (/^[0-9]+$/.test(text)) return Number(text);
    const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(date) ? undefined : Math.max(0, date / 1000 - now);
  },
  longestPause: 60,
  backoff: 1,
  learnsFrom: isOutsideWindow,
  offsetBy: (date, now) => date - now,
};

/** Seconds to wait before the next attempt. */
export const pauseAfter = (parts: RetryParts, { answer, now }: Attempted): number => {
  if (answer === undefined || answer.status >= 500) return parts.backoff;
  if (answer.status !== 429) return 0;
  const retryAfter = answer.headers['retry-after'];
  if (retryAfter === undefined) return parts.untilNextMinute(now);
  return Math.min(parts.readRetryAfter(retryAfter, now) ?? parts.backoff, parts.longestPause);
};

/** The clock of one call, in whole Unix seconds. */
export interface ClientClock {
  readonly now: () => number;
  /** Waits; a length that is no number, or none at all, does not. */
  readonly sleep: (seconds: number) => Promise<void>;
  /** Seconds slept so far. */
  readonly elapsed: () => number;
}

/** A clock that stands still and is moved by sleeping, or the system's when no start is given. */
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
