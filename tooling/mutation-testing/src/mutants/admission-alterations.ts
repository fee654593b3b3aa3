import {
  ADMISSION,
  type Claim,
  makeAdmission,
  makeMemory,
  type ServerParts,
} from '../reference/server-parts.ts';

/** Another way to name what an admission remembers and counts. */
export const admission = (names: Parameters<typeof makeAdmission>[0]) => (): Partial<ServerParts> => ({
  makeAdmit: makeAdmission(names),
});

/** Forgets what this says each time that somebody is let in, who is `since` requests later. */
export const forgetting =
  (isForgotten: (earlier: Claim, by: { readonly claim: Claim; readonly since: number }) => boolean) =>
  (): Partial<ServerParts> => ({
    makeAdmit: () => {
      const used = new Map<string, Claim>();
      return (claim) => {
        if (used.has(ADMISSION.used(claim))) return 'replayed';
        used.set(ADMISSION.used(claim), claim);
        for (const [since, [name, earlier]] of [...used].toReversed().entries())
          if (since > 0 && isForgotten(earlier, { claim, since })) used.delete(name);
        return 'admitted';
      };
    },
  });

/** Looks first and writes later, with something in between: the hole that only simultaneous arrival finds. */
export const checkThenSet = (pause: () => Promise<unknown>) => (): Partial<ServerParts> => ({
  makeAdmit: () => {
    const memory = makeMemory();
    return async (claim: Claim) => {
      const isUsed = memory.isUsed(ADMISSION.used(claim), claim.now);
      const count = memory.count(ADMISSION.window(claim));
      await pause();
      if (isUsed) return 'replayed';
      if (count >= claim.limit) return 'limited';
      memory.use(ADMISSION.used(claim), claim);
      memory.add(ADMISSION.window(claim));
      return 'admitted';
    };
  },
});

/** The same facts, decided otherwise. */
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
