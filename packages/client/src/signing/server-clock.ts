import type { Time } from '../time.ts';

/** The times of one response. */
interface DateSample {
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Age` header. A cached response has an old `Date`. */
  readonly age: string | undefined;
  /** Local Unix milliseconds when the request was sent and the response received. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

// `Date` has a resolution of one second and network latency is asymmetric, so smaller differences are noise.
const NOISE_MS = 5_000;

/**
 * The gateway's clock: the local clock plus an offset measured from `Date` headers (wire protocol §6, rule
 * 4).
 */
export class ServerClock {
  readonly #time: Time;
  #offsetMs = 0;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Milliseconds by which the gateway's clock is ahead of the local clock; 0 until measured. */
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

  /**
   * Measures the offset from one response. Returns whether it changed; differences of up to 5 s are ignored.
   */
  update({ date, age, sentAt, receivedAt }: DateSample): boolean {
    const serverTime = Date.parse(date ?? '');
    if (Number.isNaN(serverTime) || age !== undefined) return false;
    const offset = Math.round(serverTime + 500 - (sentAt + receivedAt) / 2);
    if (Math.abs(offset - this.#offsetMs) <= NOISE_MS) return false;
    this.#offsetMs = offset;
    return true;
  }
}
