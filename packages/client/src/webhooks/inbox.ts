import { CpgError } from '../errors.ts';
import { COUNT_FROM_1, checkOptions, type OptionRule } from '../guards.ts';

/**
 * An event that one receiver handles. Its token tells the claims of different receivers and attempts apart.
 */
export interface WebhookClaim {
  readonly eventId: number;
  /** Random, new for each attempt to handle the event. */
  readonly token: string;
}

/**
 * The outcome of a claim: `claimed`, `busy` (another claim holds the event for `leaseEndsInMs` milliseconds)
 * or `handled`.
 */
export type ClaimResult =
  | { readonly state: 'claimed' }
  | { readonly state: 'busy'; readonly leaseEndsInMs: number }
  | { readonly state: 'handled' };

/**
 * Records which events are being handled and which were handled, so that a repeated delivery is not handled
 * again. A claim holds an event for the time of its lease. If the process ends without completing or
 * releasing the claim, the lease ends, and the next delivery is handled again. See `memoryInbox`, and
 * `@cpg/client/inbox-redis` and `@cpg/client/inbox-postgres` for several processes.
 *
 * A method that throws makes the receiver respond 500, and the gateway delivers the event again.
 */
export interface WebhookInbox {
  /**
   * Claims an event that was not handled and that no other claim holds, for `leaseMs` milliseconds. Must be
   * atomic. The same claim may be made again, if its first reply was lost.
   */
  claim(claim: WebhookClaim, leaseMs: number): ClaimResult | Promise<ClaimResult>;
  /**
   * Marks the event as handled, even if the lease has ended. Returns `false` if another claim was made
   * meanwhile, so that the event may be handled twice; the receiver then emits a process warning.
   */
  complete(claim: WebhookClaim): boolean | Promise<boolean>;
  /** Gives the event up, because handling it failed. Does nothing if the claim no longer holds the event. */
  release(claim: WebhookClaim): void | Promise<void>;
  /**
   * Extends the lease to `leaseMs` milliseconds from now, if the claim still holds the event. Without this
   * method, a lease ends after `leaseMs`, even while `onEvent` is running.
   */
  renew?(claim: WebhookClaim, leaseMs: number): void | Promise<void>;
}

const HOUR_MS = 3_600_000;

/**
 * The gateway's attempts span 24 hours, or 39 if each delay counts from the previous attempt (wire protocol
 * §5). An event that is forgotten earlier would be handled twice.
 */
const MIN_RETENTION_MS = 40 * HOUR_MS;

/** Seven days in milliseconds: also covers deliveries that were requeued by hand. */
export const DEFAULT_RETENTION_MS = 7 * 24 * HOUR_MS;

export const RETENTION: OptionRule = {
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= MIN_RETENTION_MS,
  expected: `a whole number of milliseconds of at least ${MIN_RETENTION_MS} (40 hours: the gateway's retry schedule)`,
};

export interface MemoryInboxOptions {
  /**
   * Maximum number of handled events that are kept; the oldest are forgotten first. The default lasts for 40
   * hours at 0.7 events a second. @default 100000
   */
  readonly capacity?: number | undefined;
  /** How long a handled event is kept, in milliseconds, at least 40 hours. @default 7 days */
  readonly retentionMs?: number | undefined;
}

const DEFAULT_CAPACITY = 100_000;

/**
 * An inbox in the memory of this process. Other processes do not see it, and a restart empties it: use it for
 * tests, and where handling an event twice does no harm.
 *
 * @throws CpgError `invalid_configuration` for invalid options; `callback_failed` from `claim` while
 * `capacity` events are being handled.
 */
export const memoryInbox = (options: MemoryInboxOptions = {}): WebhookInbox => {
  checkOptions('memoryInbox', options, { capacity: COUNT_FROM_1, retentionMs: RETENTION });
  const { capacity = DEFAULT_CAPACITY, retentionMs = DEFAULT_RETENTION_MS } = options;
  const leases = new Map<number, Entry>();
  const handled = new Map<number, Entry>();

  const holds = ({ eventId, token }: WebhookClaim): boolean => leases.get(eventId)?.token === token;
  const lease = ({ eventId, token }: WebhookClaim, leaseMs: number): void => {
    // Removed first, so that the map stays in the order of the ends.
    leases.delete(eventId);
    leases.set(eventId, { token, endsAt: performance.now() + leaseMs });
  };
  return {
    claim: (claim, leaseMs) => {
      const now = performance.now();
      removeEnded(handled, now);
      if (handled.has(claim.eventId)) return { state: 'handled' };
      const current = leases.get(claim.eventId);
      if (current !== undefined && current.token !== claim.token && current.endsAt > now) {
        return { state: 'busy', leaseEndsInMs: current.endsAt - now };
      }
      if (current === undefined && leases.size >= capacity) {
        removeEnded(leases, now);
        if (leases.size >= capacity) throw tooManyClaims(capacity);
      }
      lease(claim, leaseMs);
      return { state: 'claimed' };
    },
    complete: ({ eventId, token }) => {
      const owner = (leases.get(eventId) ?? handled.get(eventId))?.token ?? token;
      leases.delete(eventId);
      handled.delete(eventId);
      // Keeps the token of the latest claim, which is completed without a warning.
      handled.set(eventId, { token: owner, endsAt: performance.now() + retentionMs });
      for (const oldest of handled.keys()) {
        if (handled.size <= capacity) break;
        handled.delete(oldest);
      }
      return owner === token;
    },
    release: (claim) => {
      if (holds(claim)) leases.delete(claim.eventId);
    },
    renew: (claim, leaseMs) => {
      if (holds(claim)) lease(claim, leaseMs);
    },
  };
};

interface Entry {
  readonly token: string;
  /** In milliseconds of `performance.now()`. */
  readonly endsAt: number;
}

const removeEnded = (entries: Map<number, Entry>, now: number): void => {
  for (const [eventId, { endsAt }] of entries) {
    if (endsAt > now) break;
    entries.delete(eventId);
  }
};

const tooManyClaims = (capacity: number): CpgError =>
  new CpgError(
    'callback_failed',
    `memoryInbox: ${capacity} events are being handled, as many as its capacity. Fix: raise capacity, or make onEvent faster.`,
  );

/**
 * Rejects if an operation of an inbox has not finished within `timeoutMs`.
 *
 * @throws CpgError `callback_failed`
 */
export const withTimeout = async <Result>(
  operation: string,
  timeoutMs: number,
  run: () => PromiseLike<Result>,
): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CpgError('callback_failed', `${operation} got no reply within ${timeoutMs} ms.`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([run(), timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** Milliseconds that a timer of Node.js can wait. */
export const TIMER_MS: OptionRule = {
  accepts: (value) => typeof value === 'number' && value >= 1 && value <= 2 ** 31 - 1,
  expected: 'a number of milliseconds from 1 to 2147483647',
};

export const DEFAULT_TIMEOUT_MS = 5_000;

const guarded = new WeakSet<object>();

/**
 * A client or pool reports a broken connection as an event, which without a listener would end the process.
 * The operation that fails reports it too.
 */
export const ignoreErrorEvents = (emitter: object): void => {
  if (guarded.has(emitter)) return;
  guarded.add(emitter);
  (emitter as { on?: (event: string, listener: () => void) => void }).on?.('error', () => undefined);
};
