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

  /** Forgets what need not be remembered at `now`. */
  expire(now: number): void {
    if (now - 1 <= this.#forgottenUntil) return;
    this.#forgottenUntil = now - 1;
    for (const [second, signatures] of this.#bySecond) {
      if (second >= now) continue;
      this.#size -= signatures.size;
      this.#bySecond.delete(second);
    }
  }

  /** Whether the signature was used; one whose second was already forgotten counts as used, as nobody can tell any more. */
  has(fingerprint: Int32Array, usedUntil: number): boolean {
    return usedUntil <= this.#forgottenUntil || this.#bySecond.get(usedUntil)?.has(fingerprint) === true;
  }

  /** Remembers a signature that was not used. */
  add(fingerprint: Int32Array, usedUntil: number): void {
    let signatures = this.#bySecond.get(usedUntil);
    if (signatures === undefined) {
      signatures = new SignatureSet();
      this.#bySecond.set(usedUntil, signatures);
    }
    signatures.add(fingerprint);
    this.#size += 1;
  }
}
