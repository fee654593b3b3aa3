import { ServerMiddlewareError } from '../errors.ts';
import {
  aFunction,
  assertOptions,
  assertValue,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  wholeNumber,
} from '../options.ts';
import { callStore, readClock } from '../user-code.ts';
import { aKeyStore, type CpgKey, type KeyStore } from './key-store.ts';
import { BackOff, EntryCache, type LookUp, LookUpLimit } from './look-ups.ts';

export interface CachedKeysOptions {
  /** Milliseconds to cache a found key: the longest delay of a revocation. @default 10000 */
  readonly ttlMs?: number | undefined;
  /** Milliseconds to cache an unknown id: the longest delay of a new key. @default 1000 */
  readonly missTtlMs?: number | undefined;
  /** Milliseconds for one look-up, which then fails with 503. @default 1000 */
  readonly deadlineMs?: number | undefined;
  /**
   * Maximum of cached keys, and of cached unknown ids; the least recently used are evicted. Keys whose time is over are
   * removed, so memory follows the keys in use, up to about 1 kB each. Choose more than the active keys: when as many are
   * used in turn, none stays long enough to be found. @default 100000
   */
  readonly maxEntries?: number | undefined;
  /** Maximum of look-ups that the store has not settled; above it the response is 503. @default 1000 */
  readonly maxPending?: number | undefined;
  /** Milliseconds; any steady clock. @default performance.now */
  readonly clock?: (() => number) | undefined;
}

/** Counters of a cache since its creation, and its present size. */
export interface CachedKeysStats {
  /** Requests that were answered from the cache, with a key or an unknown id. */
  readonly hits: number;
  /** Requests that waited for the look-up of another request. */
  readonly shared: number;
  /** Look-ups in the store. */
  readonly misses: number;
  /** Look-ups that failed or were late. */
  readonly failures: number;
  /** Requests that failed without a look-up: above `maxPending`, or during the back-off after a failure. */
  readonly rejected: number;
  /** Keys that were evicted before their time: `maxEntries` is too small. */
  readonly evicted: number;
  /** Cached keys. */
  readonly size: number;
  /** Look-ups in flight, with those that were late and still hang. */
  readonly pending: number;
}

/** A key store with a cache in front; made by {@link cachedKeys}. */
export interface CachedKeys extends KeyStore {
  readonly getStats: () => CachedKeysStats;
}

const STORE_NAME = 'The key store';

const RULES: OptionRules<CachedKeysOptions> = {
  ttlMs: optional(wholeNumber),
  missTtlMs: optional(wholeNumber),
  deadlineMs: optional(timerMs),
  maxEntries: optional(positiveInteger),
  maxPending: optional(positiveInteger),
  clock: optional(aFunction),
};

/**
 * Caches found keys and unknown ids in front of a key store. Concurrent look-ups of one id become one, with a deadline.
 * Failures are not cached: after one, the look-ups of the id pause for 50 ms to one second, in which its requests get the
 * same error, and stale keys are never served. A store that hangs gets no more than `maxPending` look-ups.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const cachedKeys = (keyStore: KeyStore, options: CachedKeysOptions = {}): CachedKeys => {
  assertValue({ name: 'cachedKeys: keyStore', value: keyStore, rule: aKeyStore });
  assertOptions({ owner: 'cachedKeys', options, rules: RULES });
  const cache = new KeyCache(keyStore, options);
  return {
    ...(keyStore.hasSourceIps === undefined ? {} : { hasSourceIps: keyStore.hasSourceIps }),
    find: (keyId) => cache.find(keyId),
    getStats: () => cache.getStats(),
  };
};

class KeyCache {
  readonly #store: KeyStore;
  readonly #ttlMs: number;
  readonly #missTtlMs: number;
  readonly #deadlineMs: number;
  readonly #maxPending: number;
  readonly #clock: () => number;
  readonly #found: EntryCache;
  // Separate, so that requests with made-up ids evict no key.
  readonly #unknown: EntryCache;
  readonly #pending = new Map<string, Promise<CpgKey | undefined>>();
  readonly #limit: LookUpLimit;
  readonly #backOff: BackOff;
  readonly #counts = { hits: 0, shared: 0, misses: 0, failures: 0, rejected: 0 };

  constructor(store: KeyStore, options: CachedKeysOptions) {
    const { ttlMs = 10_000, missTtlMs = 1_000, deadlineMs = 1_000, maxEntries = 100_000 } = options;
    const { maxPending = 1_000, clock = () => performance.now() } = options;
    this.#store = store;
    this.#ttlMs = ttlMs;
    this.#missTtlMs = missTtlMs;
    this.#deadlineMs = deadlineMs;
    this.#maxPending = maxPending;
    this.#clock = clock;
    this.#found = new EntryCache(maxEntries);
    this.#unknown = new EntryCache(maxEntries);
    this.#limit = new LookUpLimit(maxPending);
    this.#backOff = new BackOff(maxPending);
  }

  getStats(): CachedKeysStats {
    const { size, evicted } = this.#found;
    return { ...this.#counts, evicted, size, pending: this.#limit.size };
  }

  find(keyId: string): CpgKey | undefined | Promise<CpgKey | undefined> {
    const now = readClock(this.#clock);
    // Both every time, so that known and unknown ids take equally long.
    const found = this.#found.get(keyId);
    const unknown = this.#unknown.get(keyId);
    const entry = found !== undefined && now < found.until ? found : unknown;
    if (entry !== undefined && now < entry.until) {
      this.#counts.hits += 1;
      return entry.key;
    }
    const pending = this.#pending.get(keyId);
    if (pending !== undefined) {
      this.#counts.shared += 1;
      return pending;
    }
    return this.#lookUp(keyId, this.#start(keyId, now), now);
  }

  /** @throws ServerMiddlewareError during the back-off of an id, and at the maximum of look-ups in flight */
  #start(keyId: string, now: number): LookUp {
    const failure = this.#backOff.find(keyId, now);
    const lookUp = failure === undefined ? this.#limit.start(now) : undefined;
    if (lookUp !== undefined) return lookUp;
    this.#counts.rejected += 1;
    if (failure !== undefined) throw failure.error;
    throw new ServerMiddlewareError(
      'store_unavailable',
      `${STORE_NAME} has ${this.#maxPending} look-ups in flight, the maximum (maxPending).`,
      { subject: STORE_NAME },
    );
  }

  #lookUp(keyId: string, lookUp: LookUp, askedAt: number): CpgKey | undefined | Promise<CpgKey | undefined> {
    this.#counts.misses += 1;
    let result: CpgKey | undefined | Promise<CpgKey | undefined>;
    try {
      result = callStore({
        name: STORE_NAME,
        timeoutMs: this.#deadlineMs,
        call: () => this.#callStore(keyId, lookUp),
      });
    } catch (error) {
      this.#limit.end(lookUp, false);
      throw this.#fail(keyId, error);
    }
    if (!(result instanceof Promise)) {
      this.#limit.end(lookUp, true);
      return this.#keep(keyId, result, askedAt);
    }
    const pending = result
      .then(
        (key) => this.#keep(keyId, key, askedAt),
        (error: unknown) => {
          throw this.#fail(keyId, error);
        },
      )
      .finally(() => {
        this.#limit.passed(lookUp);
        this.#pending.delete(keyId);
      });
    this.#pending.set(keyId, pending);
    return pending;
  }

  #callStore(keyId: string, lookUp: LookUp): CpgKey | undefined | Promise<CpgKey | undefined> {
    const result = this.#store.find(keyId);
    // Not the promise with the deadline: a look-up counts until the store settles it.
    if (typeof (result as Partial<Promise<unknown>> | undefined)?.then === 'function') {
      Promise.resolve(result).then(
        () => this.#limit.end(lookUp, true),
        () => this.#limit.end(lookUp, false),
      );
    }
    return result;
  }

  #keep(keyId: string, key: CpgKey | undefined, askedAt: number): CpgKey | undefined {
    this.#backOff.succeeded(keyId);
    const [cache, ttlMs] = key === undefined ? [this.#unknown, this.#missTtlMs] : [this.#found, this.#ttlMs];
    cache.set(keyId, { key, until: askedAt + ttlMs }, askedAt);
    return key;
  }

  #fail(keyId: string, error: unknown): unknown {
    this.#counts.failures += 1;
    this.#backOff.failed(keyId, error, readClock(this.#clock));
    return error;
  }
}
