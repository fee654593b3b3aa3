import { SignatureSet } from './signature-set.ts';

/**
 * Used signatures, one set for each second until which they must be remembered. A second that has passed drops its whole
 * set, so expiry is exact and costs nothing per signature.
 */
export class UsedSignatures {
  readonly #bySecond = new Map<number, SignatureSet>();
  #forgottenUntil = Number.NEGATIVE_INFINITY;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Returns the set that holds, or will hold, a signature at `now`; `undefined` when its second was already forgotten, so
   * that a replay can no longer be told from a first use.
   */
  getSet(usedUntil: number, now: number): SignatureSet | undefined {
    this.#forget(now);
    if (usedUntil <= this.#forgottenUntil) return undefined;
    let signatures = this.#bySecond.get(usedUntil);
    if (signatures === undefined) {
      signatures = new SignatureSet();
      this.#bySecond.set(usedUntil, signatures);
    }
    return signatures;
  }

  /** Counts a signature that the caller has put into one of the sets. */
  added(): void {
    this.#size += 1;
  }

  #forget(now: number): void {
    if (now - 1 <= this.#forgottenUntil) return;
    this.#forgottenUntil = now - 1;
    for (const [second, signatures] of this.#bySecond) {
      if (second >= now) continue;
      this.#size -= signatures.size;
      this.#bySecond.delete(second);
    }
  }
}
