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
