import type { Time } from '../src/time.ts';

/** A clock that stands still until something sleeps; sleeping moves it on at once. */
export class FakeTime implements Time {
  readonly sleeps: number[] = [];
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.sleeps.push(milliseconds);
    const wakeAt = this.#now + milliseconds;
    await new Promise((resolve) => setImmediate(resolve));
    this.#now = Math.max(this.#now, wakeAt);
    signal.throwIfAborted();
  }
}
