import { aFunction, assertOptions, type OptionRules, optional, positiveInteger } from '../../options.ts';
import { ServerMiddlewareError } from '../../server-middleware-error.ts';
import { readClock } from '../../user-code.ts';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission-store.ts';
import { fingerprintOf } from './fingerprint.ts';
import { KeyCounters } from './key-counters.ts';
import { UsedSignatures } from './used-signatures.ts';

export interface MemoryStoreOptions {
  /** Most live signatures at once, at up to 100 bytes each. @default 1000000 */
  readonly maxEntries?: number | undefined;
  /** Unix milliseconds; give it the clock that `cpgAuth` has. @default Date.now */
  readonly clock?: (() => number) | undefined;
}

/** An admission store in this process's memory. */
export interface MemoryStore extends AdmissionStore {
  /** Decides at once. */
  admit(request: AdmissionRequest): Admission;
  /** Live signatures now. */
  readonly size: number;
}

const DEFAULT_MAX_ENTRIES = 1_000_000;

const RULES: OptionRules<MemoryStoreOptions> = {
  maxEntries: optional(positiveInteger),
  clock: optional(aFunction),
};

/**
 * Remembers used signatures and counts admissions in memory, for one process: several would each admit a signature once.
 * When full it refuses (503) rather than forget a live signature, which could then be replayed. Contract §2.
 *
 * @throws ServerMiddlewareError `invalid_option`; from `admit`, `admission_store_full`.
 */
export const memoryStore = (options: MemoryStoreOptions = {}): MemoryStore => {
  assertOptions({ owner: 'memoryStore', options, rules: RULES });
  const { maxEntries = DEFAULT_MAX_ENTRIES, clock = Date.now } = options;
  const used = new UsedSignatures();
  const counters = new KeyCounters();
  return {
    isPerProcess: true,
    admit: ({ keyId, signature, usedUntil, minute, limit }) => {
      const signatures = used.setOf(usedUntil, Math.floor(readClock(clock) / 1000));
      if (signatures === undefined) return 'replayed';
      const counter = counters.at(keyId, minute);
      const fingerprint = fingerprintOf(signature, counter.number);
      const slot = signatures.slotOf(fingerprint);
      if (signatures.isTaken(slot)) return 'replayed';
      if (counter.admitted >= limit) return 'rate_limited';
      if (used.size >= maxEntries) throw full(maxEntries);
      signatures.put(slot, fingerprint);
      used.added();
      counter.admitted += 1;
      return 'admitted';
    },
    get size() {
      return used.size;
    },
  };
};

const full = (maxEntries: number) =>
  new ServerMiddlewareError(
    'admission_store_full',
    `memoryStore holds ${maxEntries} live signatures, its maximum. Raise maxEntries, or share the load through redisStore(client).`,
  );
