import type { Admission, AdmissionRequest, AdmissionStore } from '@cpg/server-middleware';

// Real clocks are stepped back by this much now and then; that is no reason to forget a signature.
const TOLERANCE_MS = 1_000;

/**
 * An admission store for the sandbox, whose clock may be set back: it begins anew then. A store that has forgotten the
 * signatures of a second refuses whatever belongs to it, and would go on refusing until that time comes again.
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

/** How the sandbox lets its admission store be: as it is, out of reach, or owing every answer. */
export type StoreState = 'up' | 'down' | 'silent';

/** An admission store for the sandbox, which can be told to fail as a real one would. */
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
    return this.state === 'down'
      ? Promise.reject(new Error('The sandbox was told that the admission store is down.'))
      : new Promise(() => undefined);
  };
}
