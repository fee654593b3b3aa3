import type { Admission, AdmissionRequest, AdmissionStore } from '@cpg/server-middleware';

// Real clocks can step back by this much, which is no reason to forget signatures.
const TOLERANCE_MS = 1_000;

/**
 * An admission store for a clock that can be set back; it is then replaced by an empty store. A regular store
 * rejects every request from a time whose signatures it has already forgotten.
 */
export const rewindableStore = (clock: () => number, create: () => AdmissionStore): AdmissionStore => {
  let store = create();
  let latest = Number.NEGATIVE_INFINITY;
  return {
    isPerProcess: store.isPerProcess ?? false,
    admit: (request) => {
      const now = clock();
      if (now < latest - TOLERANCE_MS) store = create();
      latest = now;
      return store.admit(request);
    },
  };
};

export const STORE_STATES = ['up', 'down', 'silent', 'forgetful'] as const;

/**
 * The simulated state of the admission store: working, failing, never responding, or forgetting every signature, as in a
 * failover that loses data.
 */
export type StoreState = (typeof STORE_STATES)[number];

/** An admission store that can simulate failures. */
export class SwitchableStore implements AdmissionStore {
  readonly isPerProcess: boolean;
  readonly #store: AdmissionStore;
  state: StoreState = 'up';

  constructor(store: AdmissionStore) {
    this.#store = store;
    this.isPerProcess = store.isPerProcess ?? false;
  }

  readonly admit = (request: AdmissionRequest): Admission | Promise<Admission> => {
    if (this.state === 'up') return this.#store.admit(request);
    if (this.state === 'forgetful') return 'admitted';
    return this.state === 'down'
      ? Promise.reject(new Error('The sandbox simulates an unavailable admission store.'))
      : new Promise(() => undefined);
  };
}
