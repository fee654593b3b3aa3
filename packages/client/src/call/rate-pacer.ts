const MINUTE_MS = 60_000;
// Not in the minute's very first moments: the gateway's clock may still count the minute before.
const MARGIN_MS = 1_000;

/**
 * Spreads requests over epoch minutes so that a burst waits here instead of being refused with 429: the key's limit is
 * counted from second 0 to 59. Contract §2, restriction 4.
 */
export class RatePacer {
  readonly #limit: number;
  readonly #now: () => number;
  #minute = 0;
  #taken = 0;

  /** `now`: Unix milliseconds at the gateway. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Takes a place in the first minute that has one, and waits for that minute with `sleep`. */
  async acquire(sleep: (milliseconds: number) => Promise<void>): Promise<void> {
    const current = Math.floor(this.#now() / MINUTE_MS);
    const isElsewhere =
      this.#minute < current || this.#minute > current + Math.ceil(this.#taken / this.#limit);
    if (isElsewhere) {
      this.#minute = current;
      this.#taken = 0;
    }
    if (this.#taken === this.#limit) {
      this.#minute += 1;
      this.#taken = 0;
    }
    this.#taken += 1;
    const minute = this.#minute;
    const waitMs = minute * MINUTE_MS + MARGIN_MS - this.#now();
    if (minute > current) await sleep(waitMs);
  }
}
