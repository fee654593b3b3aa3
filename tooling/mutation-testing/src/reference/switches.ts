import type { StoreState } from './store.ts';

interface Setting {
  readonly now?: number | null;
  readonly state?: StoreState;
}

/** The clock and the store of the reference server, as a sandbox lets others move them. */
export class Switches {
  #frozen: number | null = null;
  #store: StoreState = 'up';

  /** Unix seconds. */
  get now(): number {
    return this.#frozen ?? Math.floor(Date.now() / 1000);
  }

  get store(): StoreState {
    return this.#store;
  }

  /** Takes the body of a PUT, which is empty for a GET; returns how things are now. */
  set(body: Buffer): object {
    const { now, state } = JSON.parse(body.toString() || '{}') as Setting;
    if (now !== undefined) this.#frozen = now;
    if (state !== undefined) this.#store = state;
    return { now: this.now, frozen: this.#frozen !== null, state: this.#store };
  }
}
