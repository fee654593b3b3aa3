import type { Time } from '../time.ts';

/** What an answer says about the gateway's clock. */
export interface DateSample {
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Age` header: an answer from a cache tells an old time. */
  readonly age: string | undefined;
  /** Local Unix milliseconds when the request left and when the answer came. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

// `Date` counts whole seconds and the way there is not the way back: smaller differences are noise.
const NOISE_MS = 5_000;

/** The gateway's clock as far as it is known: the local clock plus an offset learnt from `Date` headers. Contract §6, rule 4. */
export class ServerClock {
  readonly #time: Time;
  #offsetMs = 0;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Milliseconds that the gateway's clock is ahead of the local one; 0 until an answer proves otherwise. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Unix milliseconds at the gateway. */
  now(): number {
    return this.#time.now() + this.#offsetMs;
  }

  /** Whole Unix seconds at the gateway. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Learns from one answer. Returns whether the offset was corrected; differences of 5 s and less are left alone. */
  learn({ date, age, sentAt, receivedAt }: DateSample): boolean {
    const serverTime = Date.parse(date ?? '');
    if (Number.isNaN(serverTime) || age !== undefined) return false;
    const offset = Math.round(serverTime + 500 - (sentAt + receivedAt) / 2);
    if (Math.abs(offset - this.#offsetMs) <= NOISE_MS) return false;
    this.#offsetMs = offset;
    return true;
  }
}
