import {
  aFunction,
  assertOptions,
  assertValue,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  wholeNumber,
  withMethods,
} from '../options.ts';
import { askStore, readClock } from '../user-code.ts';
import { BoundedMap } from './bounded-map.ts';
import type { CpgKey, KeyStore } from './key-store.ts';

export interface CachedKeysOptions {
  /** Milliseconds for which a found key is reused; a revocation is seen this late at most. @default 10000 */
  readonly ttlMs?: number | undefined;
  /** Milliseconds for which an unknown id is remembered; a new key works this late at most. @default 1000 */
  readonly missTtlMs?: number | undefined;
  /** Milliseconds for one look-up; then it fails (503). @default 1000 */
  readonly deadlineMs?: number | undefined;
  /** Most keys kept, and as many unknown ids; the oldest make room. @default 10000 */
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

export const aKeyStore = withMethods(['find'], 'a key store, e.g. staticKeys([...])');

/**
 * Puts a cache in front of a key store: found keys and unknown ids are remembered for a while, concurrent look-ups of one id
 * become one, and none lasts longer than its deadline. Failures are never remembered, and stale keys are never served during
 * an outage.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const cachedKeys = (keyStore: KeyStore, options: CachedKeysOptions = {}): KeyStore => {
  assertValue({ name: 'cachedKeys: keyStore', value: keyStore, rule: aKeyStore });
  assertOptions({ owner: 'cachedKeys', options, rules: RULES });
  const { ttlMs = 10_000, missTtlMs = 1_000, deadlineMs = 1_000, maxEntries = 10_000 } = options;
  const clock = options.clock ?? (() => performance.now());
  const found = new BoundedMap<string, { readonly key: CpgKey; readonly until: number }>(maxEntries);
  // Apart, so that a flood of made-up ids pushes out no key.
  const unknown = new BoundedMap<string, number>(maxEntries);
  const underway = new Map<string, Promise<CpgKey | undefined>>();

  const remember = (keyId: string, key: CpgKey | undefined, askedAt: number) => {
    if (key === undefined) unknown.set(keyId, askedAt + missTtlMs);
    else found.set(keyId, { key, until: askedAt + ttlMs });
    return key;
  };

  const lookUp = (keyId: string, askedAt: number) => {
    const answer = askStore({
      what: 'The key store',
      timeoutMs: deadlineMs,
      ask: () => keyStore.find(keyId),
    });
    if (!(answer instanceof Promise)) return remember(keyId, answer, askedAt);
    const pending = answer
      .then((key) => remember(keyId, key, askedAt))
      .finally(() => {
        underway.delete(keyId);
      });
    underway.set(keyId, pending);
    return pending;
  };

  return {
    ...(keyStore.hasSourceIps === undefined ? {} : { hasSourceIps: keyStore.hasSourceIps }),
    find: (keyId) => {
      const now = readClock(clock);
      // Both, always: whether an id is known must not show in the time.
      const entry = found.get(keyId);
      const unknownUntil = unknown.get(keyId);
      if (entry !== undefined && now < entry.until) return entry.key;
      if (unknownUntil !== undefined && now < unknownUntil) return undefined;
      return underway.get(keyId) ?? lookUp(keyId, now);
    },
  };
};
