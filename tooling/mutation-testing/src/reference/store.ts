import type { Admission, Claim } from './server-parts.ts';

/** The state of the store, which the suite can set. */
export type StoreState = 'up' | 'down' | 'silent';

export type Admit = (claim: Claim) => Admission | Promise<Admission>;

const DEFAULT_DEADLINE_MS = 300;

/** Asks the store, with a deadline. Rejects when the store is down or silent. */
export const askStore = async (
  ask: () => Admission | Promise<Admission>,
  state: StoreState,
  deadlineMs = DEFAULT_DEADLINE_MS,
): Promise<Admission> => {
  if (state === 'up') return ask();
  if (state === 'down') throw new Error('the store is down');
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('the store is silent')), deadlineMs);
  });
};

/** Rejects every request while the store is unavailable. */
export const failClosed =
  (admit: Admit) =>
  async (claim: Claim, state: StoreState): Promise<Admission> => {
    try {
      return await askStore(() => admit(claim), state);
    } catch {
      return 'unavailable';
    }
  };

interface Setting {
  readonly now?: number | null;
  /** Seconds by which the clock is ahead. */
  readonly ahead?: number;
  readonly state?: StoreState;
}

/** The clock and the store of the reference server, which the suite controls through its test hooks. */
export class Switches {
  readonly #offset: number;
  #frozen: number | null = null;
  #ahead = 0;
  #store: StoreState = 'up';

  /** `offset`: how many seconds the clock is ahead while it runs. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Unix seconds. */
  get now(): number {
    return this.#frozen ?? Math.floor(Date.now() / 1000 + this.#ahead) + this.#offset;
  }

  get store(): StoreState {
    return this.#store;
  }

  /** Applies the body of a PUT (empty for a GET); returns the current state. */
  set(body: Buffer): object {
    const { now, ahead, state } = JSON.parse(body.toString() || '{}') as Setting;
    if (now !== undefined) this.#frozen = now;
    if (ahead !== undefined) this.#ahead = ahead;
    if (state !== undefined) this.#store = state;
    return { now: this.now, frozen: this.#frozen !== null, state: this.#store };
  }
}
