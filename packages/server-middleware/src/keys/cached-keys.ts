import { LRUCache } from 'lru-cache';
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

export interface CachedKeysOptions {
  /** Milliseconds to cache a found key: the longest delay of a revocation. @default 10000 */
  readonly ttlMs?: number | undefined;
  /** Milliseconds to cache an unknown id: the longest delay of a new key. @default 1000 */
  readonly missTtlMs?: number | undefined;
  /** Milliseconds for one look-up, which then fails with 503. @default 1000 */
  readonly deadlineMs?: number | undefined;
  /** Maximum of cached keys, and of cached unknown ids; the least recently used are evicted. @default 10000 */
  readonly maxEntries?: number | undefined;
  /** Milliseconds; any steady clock. @default performance.now */
  readonly clock?: (() => number) | undefined;
}

const RULES: OptionRules<CachedKeysOptions> = {
  ttlMs: optional(wholeNumber),
  missTtlMs: optional(wholeNumber),
  deadlineMs: optional(timerMs),
  maxEntries: optional(positiveInteger),
  clock: optional(aFunction),
};

// `max` would allocate memory for all entries at once.
const createCache = <Value extends object | number>(maxEntries: number) =>
  new LRUCache<string, Value>({ maxSize: maxEntries, sizeCalculation: () => 1 });

/**
 * Caches found keys and unknown ids in front of a key store. Concurrent look-ups of one id become one, with a deadline.
 * Failures are not cached, and stale keys are never served during an outage.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const cachedKeys = (keyStore: KeyStore, options: CachedKeysOptions = {}): KeyStore => {
  assertValue({ name: 'cachedKeys: keyStore', value: keyStore, rule: aKeyStore });
  assertOptions({ owner: 'cachedKeys', options, rules: RULES });
  const { ttlMs = 10_000, missTtlMs = 1_000, deadlineMs = 1_000, maxEntries = 10_000 } = options;
  const clock = options.clock ?? (() => performance.now());
  const found = createCache<{ readonly key: CpgKey; readonly until: number }>(maxEntries);
  // Separate, so that requests with made-up ids evict no key.
  const unknown = createCache<number>(maxEntries);
  const pending = new Map<string, Promise<CpgKey | undefined>>();

  const store = (keyId: string, key: CpgKey | undefined, askedAt: number) => {
    if (key === undefined) unknown.set(keyId, askedAt + missTtlMs);
    else found.set(keyId, { key, until: askedAt + ttlMs });
    return key;
  };

  const find = (keyId: string, askedAt: number) => {
    const key = callStore({
      name: 'The key store',
      timeoutMs: deadlineMs,
      call: () => keyStore.find(keyId),
    });
    if (!(key instanceof Promise)) return store(keyId, key, askedAt);
    const lookup = key
      .then((result) => store(keyId, result, askedAt))
      .finally(() => {
        pending.delete(keyId);
      });
    pending.set(keyId, lookup);
    return lookup;
  };

  return {
    ...(keyStore.hasSourceIps === undefined ? {} : { hasSourceIps: keyStore.hasSourceIps }),
    find: (keyId) => {
      const now = readClock(clock);
      // Both every time, so that known and unknown ids take equally long.
      const entry = found.get(keyId);
      const unknownUntil = unknown.get(keyId);
      if (entry !== undefined && now < entry.until) return entry.key;
      if (unknownUntil !== undefined && now < unknownUntil) return undefined;
      return pending.get(keyId) ?? find(keyId, now);
    },
  };
};
