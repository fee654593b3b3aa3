import { ServerMiddlewareError } from '../../errors.ts';
import { aFunction, assertOptions, type OptionRules, optional, positiveInteger } from '../../options.ts';
import { readClock } from '../../user-code.ts';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission-store.ts';
import { fingerprintOf } from './fingerprint.ts';
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

// Longer than any signature is remembered, so that a key's number outlives its signatures.
const IDLE_MINUTES = 15;

/** One key's number in fingerprints, and its admissions in its latest epoch minute. */
export interface KeyCounter {
  readonly number: number;
  minute: number;
  admitted: number;
}

/** Counts admissions by key and epoch minute; forgets keys that are idle. */
export class KeyCounters {
  readonly #counters = new Map<string, KeyCounter>();
  #lastNumber = 0;
  #sweptMinute = 0;

  /** The key's counter, at zero when a later minute has begun. */
  at(keyId: string, minute: number): KeyCounter {
    if (minute > this.#sweptMinute) this.#sweep(minute);
    let counter = this.#counters.get(keyId);
    if (counter === undefined) {
      this.#lastNumber += 1;
      counter = { number: this.#lastNumber, minute, admitted: 0 };
      this.#counters.set(keyId, counter);
    }
    if (minute > counter.minute) {
      counter.minute = minute;
      counter.admitted = 0;
    }
    return counter;
  }

  #sweep(minute: number): void {
    this.#sweptMinute = minute;
    for (const [keyId, counter] of this.#counters) {
      if (minute - counter.minute > IDLE_MINUTES) this.#counters.delete(keyId);
    }
  }
}
