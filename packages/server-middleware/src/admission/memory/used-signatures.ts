import { SignatureSet } from './signature-set.ts';

/** The time of an admission. */
export interface AdmissionTime {
  /** Unix seconds; they may jump when the clock is set. */
  readonly now: number;
  /** Seconds of a clock that is never set. */
  readonly steady: number;
}

/** The signatures of one second until which they must be remembered. */
interface SecondOfUse {
  readonly signatures: SignatureSet;
  /** In seconds of the steady clock. */
  keepUntil: number;
}

/** Seconds whose signatures were forgotten: a replay among them cannot be told from a first use. */
interface ForgottenSeconds {
  from: number;
  until: number;
  /** In seconds of the steady clock, once a request was rejected for it. */
  rejectUntil: number | undefined;
}

/** The longest that a signature can count from its admission: two windows. */
const MAX_LIFE_SECONDS = 600;
/** The longest that requests are rejected because the clock was set back: one window. */
export const MAX_REJECTING_SECONDS = 300;
const MAX_RANGES = 16;

/**
 * Used signatures, one set for each second until which they must be remembered. A second is forgotten as a whole, which costs
 * nothing per signature, when its time has passed on a clock that is never set, and by the clock as well: while the clock is
 * frozen or ahead for a moment, nothing is forgotten.
 */
export class UsedSignatures {
  readonly #bySecond = new Map<number, SecondOfUse>();
  readonly #forgotten: ForgottenSeconds[] = [];
  #checkedAt: AdmissionTime = { now: Number.NaN, steady: Number.NaN };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns the set that holds, or will hold, a signature; `undefined` when its second was forgotten. */
  getSet(usedUntil: number, time: AdmissionTime): SignatureSet | undefined {
    let second = this.#bySecond.get(usedUntil);
    if (second === undefined) {
      if (this.#isForgotten(usedUntil, time)) return undefined;
      second = { signatures: new SignatureSet(), keepUntil: 0 };
      this.#bySecond.set(usedUntil, second);
    }
    second.keepUntil = Math.max(second.keepUntil, time.steady + usedUntil - time.now);
    return second.signatures;
  }

  /** Counts a signature that the caller has put into one of the sets. */
  added(): void {
    this.#size += 1;
  }

  /** Forgets the seconds that have passed; call it before `getSet`. */
  forget(time: AdmissionTime): void {
    const { now, steady } = time;
    if (now === this.#checkedAt.now && Math.floor(steady) === Math.floor(this.#checkedAt.steady)) return;
    this.#checkedAt = time;
    for (const [second, { signatures, keepUntil }] of this.#bySecond) {
      const canBeAccepted = second >= now && second <= now + MAX_LIFE_SECONDS;
      if (canBeAccepted || steady < keepUntil) continue;
      this.#size -= signatures.size;
      this.#bySecond.delete(second);
      this.#noteForgotten(second);
    }
  }

  /** Extends a range that is near, so that there is one for each time that the clock was set to; of many, two become one. */
  #noteForgotten(second: number): void {
    const ranges = this.#forgotten;
    const near = ranges.find(
      ({ from, until }) => second >= from - MAX_LIFE_SECONDS && second <= until + MAX_LIFE_SECONDS,
    );
    if (near === undefined) ranges.push({ from: second, until: second, rejectUntil: undefined });
    else {
      near.from = Math.min(near.from, second);
      near.until = Math.max(near.until, second);
    }
    if (ranges.length <= MAX_RANGES) return;
    const [oldest, next] = ranges.splice(0, 2) as [ForgottenSeconds, ForgottenSeconds];
    ranges.unshift({
      from: Math.min(oldest.from, next.from),
      until: Math.max(oldest.until, next.until),
      rejectUntil: oldest.rejectUntil ?? next.rejectUntil,
    });
  }

  #isForgotten(second: number, { steady }: AdmissionTime): boolean {
    const index = this.#forgotten.findIndex(({ from, until }) => second >= from && second <= until);
    const range = this.#forgotten[index];
    if (range === undefined) return false;
    range.rejectUntil ??= steady + MAX_REJECTING_SECONDS;
    if (steady < range.rejectUntil) return true;
    this.#forgotten.splice(index, 1);
    return false;
  }
}
