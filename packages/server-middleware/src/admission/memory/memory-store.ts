import { ServerMiddlewareError } from '../../errors.ts';
import { aFunction, assertOptions, type OptionRules, optional, positiveInteger } from '../../options.ts';
import { readClock } from '../../user-code.ts';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission-store.ts';
import { getFingerprint } from './signature-set.ts';
import { MAX_REJECTING_SECONDS, UsedSignatures } from './used-signatures.ts';

export interface MemoryStoreOptions {
  /** Maximum of live signatures, of up to 100 bytes each. @default 1000000 */
  readonly maxEntries?: number | undefined;
  /** Unix milliseconds; pass the clock of `cpgAuth`. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** Milliseconds of a clock that is never set; signatures are forgotten by its age. @default performance.now */
  readonly steadyClock?: (() => number) | undefined;
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
  steadyClock: optional(aFunction),
};

/**
 * Keeps used signatures and rate counters in memory, for one process: several would each admit a signature once. When full
 * it rejects requests (503): a live signature that it forgot could be replayed. When the clock is set back to a time whose
 * signatures it has forgotten, it rejects requests (503) for 300 s. Wire protocol §2.
 *
 * @throws ServerMiddlewareError `invalid_option`; from `admit`, `admission_store_full`, `clock_set_back`.
 */
export const memoryStore = (options: MemoryStoreOptions = {}): MemoryStore => {
  assertOptions({ owner: 'memoryStore', options, rules: RULES });
  const { maxEntries = DEFAULT_MAX_ENTRIES, clock = Date.now } = options;
  const steadyClock = options.steadyClock ?? (() => performance.now());
  const used = new UsedSignatures();
  const counters = new KeyCounters();
  return {
    isPerProcess: true,
    countsRoutes: true,
    admit: ({ keyId, signature, usedUntil, minute, limit, route }) => {
      const time = { now: Math.floor(readClock(clock) / 1000), steady: readClock(steadyClock) / 1000 };
      used.forget(time);
      // Its timestamp has left the window, and its signature may be forgotten.
      if (usedUntil < time.now) return 'replayed';
      const signatures = used.getSet(usedUntil, time);
      if (signatures === undefined) throw clockSetBack();
      const counter = counters.at(keyId, minute, time.steady);
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

const clockSetBack = () =>
  new ServerMiddlewareError(
    'clock_set_back',
    `The clock was set back to a time whose used signatures memoryStore has forgotten. Requests are rejected for up to ${MAX_REJECTING_SECONDS} s. Fix: find out what sets the clock, and let NTP keep it.`,
  );

// Longer than any signature is remembered, by both clocks: signatures are stored with the number of their key.
const MAX_IDLE_SECONDS = 900;
const SWEEP_SECONDS = 60;

/** The number of a key in fingerprints, and its admissions in its latest epoch minute. */
interface KeyCounter {
  readonly number: number;
  /** In seconds of the steady clock. */
  usedAt: number;
  minute: number;
  admitted: number;
  /** The admissions of routes with a limit of their own. */
  byRoute?: Map<string, number> | undefined;
}

/** Counts admissions by key and epoch minute; forgets idle keys. */
class KeyCounters {
  readonly #counters = new Map<string, KeyCounter>();
  #lastNumber = 0;
  #sweptAt = 0;

  /** Returns the counter of a key; it starts at zero in each minute. */
  at(keyId: string, minute: number, steady: number): KeyCounter {
    if (steady >= this.#sweptAt + SWEEP_SECONDS) this.#sweep(minute, steady);
    let counter = this.#counters.get(keyId);
    if (counter === undefined) {
      this.#lastNumber += 1;
      counter = { number: this.#lastNumber, usedAt: steady, minute, admitted: 0 };
      this.#counters.set(keyId, counter);
    }
    counter.usedAt = steady;
    // A clock that is set back by a little counts on in the minute that it has left; after a jump it counts anew.
    if (minute > counter.minute || minute < counter.minute - 1) {
      counter.minute = minute;
      counter.admitted = 0;
      counter.byRoute = undefined;
    }
    return counter;
  }

  #sweep(minute: number, steady: number): void {
    this.#sweptAt = steady;
    for (const [keyId, counter] of this.#counters) {
      const isIdle =
        steady > counter.usedAt + MAX_IDLE_SECONDS && minute > counter.minute + MAX_IDLE_SECONDS / 60;
      if (isIdle) this.#counters.delete(keyId);
    }
  }
}
