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
  readonly #takenByMinute = new Map<number, number>();

  /** `now`: Unix milliseconds at the gateway. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /**
   * Takes a place in the first minute that has one, and waits for that minute with `sleep`. Returns a function that gives
   * the place back, for a request that is not sent after all; when `sleep` fails, the place is given back at once.
   */
  async acquire(sleep: (milliseconds: number) => Promise<void>): Promise<() => void> {
    const current = Math.floor(this.#now() / MINUTE_MS);
    const minute = this.#takePlace(current);
    const release = once(() => this.#givePlaceBack(minute));
    try {
      if (minute > current) await sleep(minute * MINUTE_MS + MARGIN_MS - this.#now());
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #givePlaceBack(minute: number): void {
    const taken = this.#takenByMinute.get(minute);
    if (taken !== undefined) this.#takenByMinute.set(minute, taken - 1);
  }

  #takePlace(current: number): number {
    for (const old of this.#takenByMinute.keys()) {
      if (old < current) this.#takenByMinute.delete(old);
    }
    const takenIn = (minute: number): number => this.#takenByMinute.get(minute) ?? 0;
    let minute = current;
    while (takenIn(minute) >= this.#limit) minute += 1;
    this.#takenByMinute.set(minute, takenIn(minute) + 1);
    return minute;
  }
}

const once = (run: () => void): (() => void) => {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
};
