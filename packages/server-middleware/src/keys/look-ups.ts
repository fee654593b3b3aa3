import { LRUCache } from 'lru-cache';
import type { CpgKey } from './key-store.ts';

/** The result of one look-up: a key, or that there is none. */
export interface CachedEntry {
  readonly key: CpgKey | undefined;
  /** The end of its time, by the clock of the cache. */
  readonly until: number;
}

/** A least-recently-used cache of results. Entries whose time is over are removed first, so memory follows the active keys. */
export class EntryCache {
  readonly #maxEntries: number;
  readonly #entries: LRUCache<string, CachedEntry>;
  /** How many entries were removed before their time, for lack of room. */
  evicted = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
    // `max` would allocate memory for all entries at once.
    this.#entries = new LRUCache({ maxSize: maxEntries, sizeCalculation: () => 1 });
  }

  get size(): number {
    return this.#entries.size;
  }

  get(keyId: string): CachedEntry | undefined {
    return this.#entries.get(keyId);
  }

  set(keyId: string, entry: CachedEntry, now: number): void {
    this.#entries.delete(keyId);
    // Two for each new one: the cache shrinks to the entries in use.
    if (this.#removeOldest(now)) this.#removeOldest(now);
    if (this.#entries.size >= this.#maxEntries) {
      this.#entries.pop();
      this.evicted += 1;
    }
    this.#entries.set(keyId, entry);
  }

  #removeOldest(now: number): boolean {
    const oldest = this.#entries.rvalues().next();
    const isOver = oldest.done !== true && (oldest.value as CachedEntry).until <= now;
    if (isOver) this.#entries.pop();
    return isOver;
  }
}

const PROBE_EVERY_MS = 1_000;

/** One look-up that the key store has not settled. */
export interface LookUp {
  /** Started above the maximum, to find out whether the store responds again. */
  readonly isProbe: boolean;
}

/**
 * Limits the look-ups in flight. One that reached its deadline still counts until the store settles it: a store that hangs
 * keeps the memory of each. When all of them hang, one a second is let through; once it succeeds, the others are given up.
 */
export class LookUpLimit {
  readonly #max: number;
  readonly #open = new Set<LookUp>();
  readonly #late = new Set<LookUp>();
  #nextProbeAt = Number.NEGATIVE_INFINITY;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size + this.#late.size;
  }

  /** Returns `undefined` at the maximum. */
  start(now: number): LookUp | undefined {
    const isProbe = this.size >= this.#max;
    if (isProbe) {
      if (this.#late.size === 0 || now < this.#nextProbeAt) return undefined;
      this.#nextProbeAt = now + PROBE_EVERY_MS;
    }
    const lookUp = { isProbe };
    this.#open.add(lookUp);
    return lookUp;
  }

  /** The deadline is over, or the look-up failed or succeeded in time. */
  passed(lookUp: LookUp): void {
    if (this.#open.delete(lookUp)) this.#late.add(lookUp);
  }

  /** The store settled it. */
  end(lookUp: LookUp, hasSucceeded: boolean): void {
    this.#open.delete(lookUp);
    this.#late.delete(lookUp);
    if (hasSucceeded && lookUp.isProbe) this.#late.clear();
  }
}

const MIN_BACK_OFF_MS = 50;
const MAX_BACK_OFF_MS = 1_000;
const FORGOTTEN_AFTER_MS = 10_000;

interface Failure {
  readonly error: unknown;
  readonly delayMs: number;
  readonly retryAt: number;
}

/** Spaces the look-ups of an id whose look-ups fail: 50 ms, 100 ms, and so on up to one second. */
export class BackOff {
  readonly #failures: LRUCache<string, Failure>;

  constructor(maxEntries: number) {
    this.#failures = new LRUCache({ maxSize: maxEntries, sizeCalculation: () => 1 });
  }

  /** The failure of the last look-up, until the next one is due. */
  find(keyId: string, now: number): Failure | undefined {
    const failure = this.#failures.get(keyId);
    return failure !== undefined && now < failure.retryAt ? failure : undefined;
  }

  failed(keyId: string, error: unknown, now: number): void {
    const last = this.#failures.get(keyId);
    const isRepeated = last !== undefined && now - last.retryAt < FORGOTTEN_AFTER_MS;
    const delayMs = isRepeated ? Math.min(2 * last.delayMs, MAX_BACK_OFF_MS) : MIN_BACK_OFF_MS;
    this.#failures.set(keyId, { error, delayMs, retryAt: now + delayMs });
  }

  succeeded(keyId: string): void {
    this.#failures.delete(keyId);
  }
}
