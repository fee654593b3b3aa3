import { ServerMiddlewareError } from '../../errors.ts';
import { aFunction, assertOptions, type OptionRules, optional, positiveInteger } from '../../options.ts';
import { readClock } from '../../user-code.ts';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission-store.ts';
import { getFingerprint } from './signature-set.ts';
import { UsedSignatures } from './used-signatures.ts';

export interface MemoryStoreOptions {
  /** Maximum of live signatures, of up to 100 bytes each. @default 1000000 */
  readonly maxEntries?: number | undefined;
  /** Unix milliseconds; pass the clock of `cpgAuth`. @default Date.now */
  readonly clock?: (() => number) | undefined;
}

/** An admission store in this process's memory. */
export interface MemoryStore extends AdmissionStore {
  /** Decides synchronously. */
  admit(request: AdmissionRequest): Admission;
  /** The number of live signatures. */
  readonly size: number;
}

const DEFAULT_MAX_ENTRIES = 1_000_000;

const RULES: OptionRules<MemoryStoreOptions> = {
  maxEntries: optional(positiveInteger),
  clock: optional(aFunction),
};

/**
 * Keeps used signatures and rate counters in memory, for one process: several would each admit a signature once. When full
 * it rejects requests (503): a live signature that it forgot could be replayed. Wire protocol §2.
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
    countsRoutes: true,
    admit: ({ keyId, signature, usedUntil, minute, limit, route }) => {
      const signatures = used.getSet(usedUntil, Math.floor(readClock(clock) / 1000));
      if (signatures === undefined) return 'replayed';
      const counter = counters.at(keyId, minute);
      const fingerprint = getFingerprint(signature, counter.number);
      const slot = signatures.findSlot(fingerprint);
      if (signatures.isTaken(slot)) return 'replayed';
      if (counter.admitted >= limit) return 'rate_limited';
      const routeAdmitted = route === undefined ? 0 : (counter.byRoute?.get(route.id) ?? 0);
      if (route !== undefined && routeAdmitted >= route.limit) return 'rate_limited';
      if (used.size >= maxEntries) throw full(maxEntries);
      signatures.put(slot, fingerprint);
      used.added();
      counter.admitted += 1;
      if (route !== undefined) {
        counter.byRoute ??= new Map();
        counter.byRoute.set(route.id, routeAdmitted + 1);
      }
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

// Longer than any signature is remembered: signatures are stored with the number of their key.
const IDLE_MINUTES = 15;

/** The number of a key in fingerprints, and its admissions in its latest epoch minute. */
interface KeyCounter {
  readonly number: number;
  minute: number;
  admitted: number;
  /** The admissions of routes with a limit of their own. */
  byRoute?: Map<string, number> | undefined;
}

/** Counts admissions by key and epoch minute; forgets idle keys. */
class KeyCounters {
  readonly #counters = new Map<string, KeyCounter>();
  #lastNumber = 0;
  #sweptMinute = 0;

  /** Returns the counter of a key; it starts at zero in each minute. */
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
      counter.byRoute = undefined;
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
