import type { AdmissionStore } from '@cpg/server-middleware';

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
