import type { Time } from '@cpg/client';

/** A clock that starts at a given time and is moved by sleeping instead of waiting. */
export class SimulatedTime implements Time {
  readonly #start: number;
  elapsedMs = 0;

  constructor(start: number) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.elapsedMs;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.elapsedMs += milliseconds;
  }
}
