import type { Admission, Claim } from './server-parts.ts';

/** How the store fares. */
export type StoreState = 'up' | 'down' | 'silent';

export type Admit = (claim: Claim) => Admission | Promise<Admission>;

const PATIENCE_MS = 300;

/** Asks the store, as somebody who may never get an answer. Rejects when the store is down or silent. */
export const askStore = async (
  ask: () => Admission | Promise<Admission>,
  state: StoreState,
  patienceMs = PATIENCE_MS,
): Promise<Admission> => {
  if (state === 'up') return ask();
  if (state === 'down') throw new Error('the store is down');
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('the store is silent')), patienceMs);
  });
};

/** Lets nobody in whom the store could not be asked about. */
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
