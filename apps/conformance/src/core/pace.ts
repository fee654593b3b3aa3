/** Milliseconds of a response for which the deadlines are made. */
const EXPECTED_MS = 25;
const MAX_FACTOR = 20;
const KEPT = 25;
const MIN_PATIENCE_MS = 3_000;

/**
 * How slow this machine and the implementation are, from the median of the latest responses. A machine that is
 * busy with other work must not change a verdict.
 */
export class Pace {
  readonly #latencies: number[] = [];
  #factor = 1;
  #silences = 0;

  /** Adds how long a response took. */
  add(milliseconds: number): void {
    this.#latencies.push(milliseconds);
    if (this.#latencies.length > KEPT) this.#latencies.shift();
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    this.#factor = Math.min(MAX_FACTOR, Math.max(1, median / EXPECTED_MS));
  }

  /** Counts a response that never came. */
  addSilence(): void {
    this.#silences++;
  }

  /**
   * How long to wait for an ordinary response: less after each one that never came, since a server that is
   * silent in every case would delay the report by an hour.
   */
  getPatience(milliseconds: number): number {
    const patience = Math.max(MIN_PATIENCE_MS, milliseconds / 2 ** this.#silences);
    return Math.min(milliseconds, patience) * this.#factor;
  }

  /** By how much every deadline is multiplied, from 1 to 20. */
  get factor(): number {
    return this.#factor;
  }
}
