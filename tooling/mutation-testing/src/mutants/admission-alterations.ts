import {
  ADMISSION,
  type Claim,
  makeAdmission,
  makeMemory,
  type ServerParts,
} from '../reference/server-parts.ts';

/** Remembers and counts requests by other names. */
export const admission = (names: Parameters<typeof makeAdmission>[0]) => (): Partial<ServerParts> => ({
  makeAdmit: makeAdmission(names),
});

/** Forgets earlier requests at each admission; `since` counts the requests in between. */
export const forgetting =
  (isForgotten: (earlier: Claim, by: { readonly claim: Claim; readonly since: number }) => boolean) =>
  (): Partial<ServerParts> => ({
    makeAdmit: () => {
      const used = new Map<string, Claim>();
      return (claim) => {
        if (used.has(ADMISSION.used(claim))) return 'replayed';
        used.set(ADMISSION.used(claim), claim);
        let since = used.size;
        for (const [name, earlier] of used) {
          since--;
          if (since > 0 && isForgotten(earlier, { claim, since })) used.delete(name);
        }
        return 'admitted';
      };
    },
  });

/** Keeps so many signatures, the newest. */
export const keepingLast = (size: number) => (): Partial<ServerParts> => ({
  makeAdmit: () => {
    const used = new Set<string>();
    return (claim) => {
      if (used.has(ADMISSION.used(claim))) return 'replayed';
      used.add(ADMISSION.used(claim));
      const [oldest] = used;
      if (used.size > size && oldest !== undefined) used.delete(oldest);
      return 'admitted';
    };
  },
});

/** Checks first and writes later, which only simultaneous requests reveal. */
export const checkThenSet =
  (pause: (claim: Claim) => Promise<unknown> | undefined) => (): Partial<ServerParts> => ({
    makeAdmit: () => {
      const memory = makeMemory();
      return async (claim: Claim) => {
        const isUsed = memory.isUsed(ADMISSION.used(claim), claim.now);
        const count = memory.count(ADMISSION.window(claim));
        const pausing = pause(claim);
        if (pausing !== undefined) await pausing;
        if (isUsed) return 'replayed';
        if (count >= claim.limit) return 'limited';
        memory.use(ADMISSION.used(claim), claim);
        memory.add(ADMISSION.window(claim));
        return 'admitted';
      };
    },
  });

/** Decides differently on the same facts. */
export const ordered =
  (
    decide: (facts: {
      isUsed: boolean;
      isOver: boolean;
      memory: ReturnType<typeof makeMemory>;
      claim: Claim;
    }) => 'admitted' | 'replayed' | 'limited',
  ) =>
  (): Partial<ServerParts> => ({
    makeAdmit: () => {
      const memory = makeMemory();
      return (claim) => {
        const isUsed = memory.isUsed(ADMISSION.used(claim), claim.now);
        const isOver = memory.count(ADMISSION.window(claim)) >= claim.limit;
        const result = decide({ isUsed, isOver, memory, claim });
        if (result === 'admitted') {
          memory.use(ADMISSION.used(claim), claim);
          memory.add(ADMISSION.window(claim));
        }
        return result;
      };
    },
  });
