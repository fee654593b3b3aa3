/**
 * What a process knows of the clock of Redis, learnt from its replies, so that a script can carry a deadline without the two
 * clocks being in step. A reply that was sent at `sentAt`, received at `receivedAt` and stamped `redisMs` tells the offset
 * within the round trip. The lower end is used: a script that runs at the latest permitted moment still ran before the
 * deadline by this process's clock. A wrong offset rejects admissions, or lets them be counted late; it never admits more.
 */
export class RedisClock {
  #offset: number | undefined;
  #learntAt = 0;

  /** A time of `performance.now()`, in milliseconds of Redis; 0, which is always in the past, while the offset is unknown. */
  toRedisMs(localMs: number): number {
    return this.#offset === undefined ? 0 : Math.floor(localMs + this.#offset);
  }

  /** Learns from a reply; `redisMs` is cut to whole milliseconds, the others are times of `performance.now()`. */
  learn(
    redisMs: number,
    { sentAt, receivedAt }: { readonly sentAt: number; readonly receivedAt: number },
  ): void {
    const lowest = redisMs - receivedAt;
    const highest = redisMs + 1 - sentAt;
    // A narrower bound replaces a wider one; a clock that was set back, or a bound that is old, is replaced in any case.
    const isOld = receivedAt - this.#learntAt > MAX_AGE_MS;
    if (this.#offset !== undefined && lowest <= this.#offset && this.#offset <= highest && !isOld) return;
    this.#offset = lowest;
    this.#learntAt = receivedAt;
  }

  /** Another server may respond next. */
  forget(): void {
    this.#offset = undefined;
  }
}

// Clocks of two machines drift apart by less than 2 ms in this time.
const MAX_AGE_MS = 10_000;
