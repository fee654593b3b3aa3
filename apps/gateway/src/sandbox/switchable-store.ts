import type { Admission, AdmissionRequest, AdmissionStore } from '@cpg/server-middleware';

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
