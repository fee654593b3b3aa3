import type { Time } from '@cpg/client';

/** A clock that stands still, is set by commands, and is moved by sleeping instead of waiting. */
export class SimulatedTime implements Time {
  #now = 0;
  #start = 0;

  /** Milliseconds slept since the clock was set. */
  get elapsedMs(): number {
    return this.#now - this.#start;
  }

  /** Unix milliseconds. */
  set(now: number): void {
    this.#start = now;
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#now += milliseconds;
  }
}
