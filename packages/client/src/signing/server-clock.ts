import type { Time } from '../time.ts';

/** The times of one response. */
export interface DateSample {
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Age` header. A cached response has an old `Date`. */
  readonly age: string | undefined;
  /** The timestamp that was signed, in Unix seconds. */
  readonly timestamp: number;
  /** Clock offset in milliseconds at the time of signing. */
  readonly offsetMs: number;
  /** Local Unix milliseconds when the request was sent and the response received. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

// `Date` has a resolution of one second and network latency is asymmetric, so smaller differences are noise.
const NOISE_MS = 5_000;
// The gateway accepts timestamps within this distance of its clock (wire protocol §2, restriction 1).
const WINDOW_MS = 300_000;

/** Whether two clock offsets differ by no more than the measurement does. */
export const isSameOffset = (left: number, right: number): boolean => Math.abs(left - right) <= NOISE_MS;

/**
 * The gateway's clock: the local clock plus an offset measured from `Date` headers (wire protocol §6, rule
 * 4). A proxy may have replaced that header, so an offset is dropped when the gateway rejects it.
 */
export class ServerClock {
  readonly #time: Time;
  #offsetMs = 0;
  #droppedOffsetMs: number | undefined;

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

  /** Measures the offset from a success. A `Date` at which the gateway would have rejected is ignored. */
  learn(sample: DateSample): void {
    const serverTime = parseDate(sample);
    if (serverTime === undefined) return;
    const { timestamp, sentAt, receivedAt } = sample;
    const latestMs = WINDOW_MS + Math.max(0, receivedAt - sentAt) + NOISE_MS;
    if (Math.abs(serverTime - timestamp * 1000) > latestMs) return;
    const measured = getOffset(serverTime, sample);
    if (this.#droppedOffsetMs !== undefined && isSameOffset(measured, this.#droppedOffsetMs)) return;
    this.#set(measured);
  }

  /**
   * Corrects the offset after a rejection of a timestamp: by the `Date` of the response, or else by dropping
   * the offset. `mayMeasure`: `false` if an offset from such a `Date` has already been rejected in this call.
   */
  correct(sample: DateSample, mayMeasure = true): void {
    const serverTime = mayMeasure ? parseDate(sample) : undefined;
    const measured = serverTime === undefined ? sample.offsetMs : getOffset(serverTime, sample);
    // Another call may have corrected the offset since.
    const isCurrent = this.#offsetMs === sample.offsetMs && this.#offsetMs !== 0;
    if (!isSameOffset(measured, sample.offsetMs)) this.#set(measured);
    else if (isCurrent) this.#drop();
  }

  #drop(): void {
    this.#droppedOffsetMs = this.#offsetMs;
    this.#offsetMs = 0;
  }

  #set(offsetMs: number): void {
    if (!isSameOffset(offsetMs, this.#offsetMs)) this.#offsetMs = offsetMs;
  }
}

/** Unix milliseconds in the `Date` header; `undefined` without a valid one, or for a cached response. */
const parseDate = ({ date, age }: DateSample): number | undefined => {
  if (date === undefined || age !== undefined) return undefined;
  // Responses of one second have the same text.
  if (date !== lastParsed.date) lastParsed = { date, time: Date.parse(date) };
  return Number.isNaN(lastParsed.time) ? undefined : lastParsed.time;
};

let lastParsed = { date: '', time: Number.NaN };

const getOffset = (serverTime: number, { sentAt, receivedAt }: DateSample): number =>
  Math.round(serverTime + 500 - (sentAt + receivedAt) / 2);
