import { setTimeout as sleep } from 'node:timers/promises';
import {
  ADMISSION,
  type Claim,
  makeAdmission,
  makeMemory,
  type ServerParts,
} from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const admission = (names: Parameters<typeof makeAdmission>[0]) => (): Partial<ServerParts> => ({
  makeAdmit: makeAdmission(names),
});

/** Looks first and writes later, with something in between: the hole that only simultaneous arrival finds. */
const checkThenSet = (pause: () => Promise<unknown>) => (): Partial<ServerParts> => ({
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

const ordered =
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

const moved =
  (step: 'admission', before: 'signature' | 'address') =>
  (parts: ServerParts): Partial<ServerParts> => {
    const rest = parts.order.filter((each) => each !== step);
    const at = rest.indexOf(before);
    return { order: [...rest.slice(0, at), step, ...rest.slice(at)] };
  };

export const REPLAY_MUTANTS = mutants<ServerParts>('replay', [
  [
    'replay-allowed',
    admission({ used: ({ keyId, signature }) => `${keyId} ${signature} ${Math.random()}` }),
    'server-replay-same-bytes',
  ],
  ['replay-burnt-before-signature', moved('admission', 'signature'), 'server-replay-tampered-copy-first'],
  ['replay-burnt-before-address', moved('admission', 'address'), 'server-ip-refusal-does-not-burn'],
  [
    'replay-after-permission',
    (p) => ({ order: [...p.order.filter((s) => s !== 'admission'), 'admission'] }),
    'server-replay-after-403',
  ],
  [
    'replay-by-timestamp',
    admission({ used: ({ keyId, timestamp }) => `${keyId} ${timestamp}` }),
    'server-replay-same-second-differs',
  ],
  [
    'replay-by-target',
    admission({ used: ({ keyId, timestamp, request }) => `${keyId} ${timestamp} ${request.target}` }),
    'server-replay-same-second-differs',
  ],
  [
    'replay-by-path',
    admission({
      used: ({ keyId, timestamp, request }) => `${keyId} ${timestamp} ${request.target.split('?')[0]}`,
    }),
    'server-replay-same-second-differs',
  ],
  [
    'replay-by-body',
    admission({
      used: ({ keyId, timestamp, request }) => `${keyId} ${timestamp} ${request.body.toString('hex')}`,
    }),
    'server-replay-same-second-differs',
  ],
  [
    'replay-by-target-only',
    admission({ used: ({ keyId, request }) => `${keyId} ${request.target} ${request.body.toString('hex')}` }),
    'server-replay-next-second',
  ],
  [
    'replay-across-keys',
    admission({
      used: ({ request, timestamp }) =>
        `${timestamp} ${request.target} ${request.body.toString('hex')} ${request.method}`,
    }),
    'server-replay-two-keys',
  ],
  [
    'replay-by-raw-target',
    admission({ used: ({ signature, request }) => `${signature} ${request.target}` }),
    'server-replay-bare-question-mark',
  ],
  [
    'replay-by-header-order',
    admission({
      used: ({ signature, request }) => `${signature} ${request.headers.map(([name]) => name).join()}`,
    }),
    'server-replay-other-header-spelling',
  ],
  [
    'replay-per-minute',
    admission({ used: (claim) => `${ADMISSION.used(claim)} ${Math.floor(claim.now / 60)}` }),
    'server-replay-61-seconds-later',
  ],
  [
    'replay-forgotten-after-60',
    admission({ usedFor: ({ now }) => now + 59 }),
    'server-replay-61-seconds-later',
  ],
  [
    'replay-forgotten-after-300',
    admission({ usedFor: ({ now }) => now + 300 }),
    'server-replay-stamped-ahead',
  ],
  [
    'replay-forgotten-at-299',
    admission({ usedFor: ({ timestamp }) => timestamp + 299 }),
    'server-replay-until-window-ends',
  ],
  [
    'replay-forgotten-at-the-edge',
    admission({ usedFor: ({ timestamp, now }) => Math.max(timestamp + 299, now) }),
    'server-replay-until-window-ends',
  ],
  ['replay-race-immediate', checkThenSet(() => new Promise(setImmediate)), 'server-race-header-end-20'],
  [
    'replay-race-network-store',
    checkThenSet(() => sleep(1)),
    'server-race-body-20',
    'server-race-body-2',
    'server-race-header-end-2',
  ],
]);

export const RATE_MUTANTS = mutants<ServerParts>('rate', [
  [
    'rate-one-too-few',
    admission({ isOver: (count, limit) => count >= limit - 1 }),
    'server-rate-exact-limit',
  ],
  ['rate-one-too-many', admission({ isOver: (count, limit) => count > limit }), 'server-rate-exact-limit'],
  ['rate-none', admission({ isOver: () => false }), 'server-rate-exact-limit'],
  [
    'rate-global',
    admission({ window: ({ now }) => `${Math.floor(now / 60)}` }),
    'server-rate-keys-do-not-share',
  ],
  [
    'rate-per-address',
    admission({ window: ({ now, request }) => `${request.address} ${Math.floor(now / 60)}` }),
    'server-rate-keys-do-not-share',
  ],
  ['rate-never-resets', admission({ window: ({ keyId }) => keyId }), 'server-rate-epoch-minute'],
  [
    'rate-per-second',
    admission({ window: ({ keyId, now }) => `${keyId} ${now}` }),
    'server-rate-exact-limit',
  ],
  [
    'rate-half-minutes',
    admission({ window: ({ keyId, now }) => `${keyId} ${Math.floor(now / 30)}` }),
    'server-rate-exact-limit',
  ],
  [
    'rate-two-minutes',
    admission({ window: ({ keyId, now }) => `${keyId} ${Math.floor(now / 120)}` }),
    'server-rate-exact-limit',
  ],
  [
    'rate-offset-minute',
    admission({ window: ({ keyId, now }) => `${keyId} ${Math.floor((now + 30) / 60)}` }),
    'server-rate-window-not-from-first-hit',
  ],
  [
    'rate-by-timestamp',
    admission({ window: ({ keyId, timestamp }) => `${keyId} ${Math.floor(timestamp / 60)}` }),
    'server-rate-by-server-clock',
  ],
  ['rate-from-first-hit', slidingFromFirstHit(), 'server-rate-epoch-minute'],
  [
    'rate-429-burns',
    ordered(({ isUsed, isOver, memory, claim }) => {
      if (!isUsed && isOver) memory.use(ADMISSION.used(claim), claim);
      return isUsed ? 'replayed' : isOver ? 'limited' : 'admitted';
    }),
    'server-rate-429-does-not-burn',
  ],
  [
    'rate-replays-count',
    ordered(({ isUsed, isOver, memory, claim }) => {
      if (isUsed) memory.add(ADMISSION.window(claim));
      return isUsed ? 'replayed' : isOver ? 'limited' : 'admitted';
    }),
    'server-rate-replays-are-free',
  ],
  [
    'rate-before-replay',
    ordered(({ isUsed, isOver }) => (isOver ? 'limited' : isUsed ? 'replayed' : 'admitted')),
    'server-rate-replay-before-limit',
  ],
  [
    'rate-after-permission',
    (p) => ({ order: [...p.order.filter((s) => s !== 'admission'), 'admission'] }),
    'server-rate-permission-refusals-count',
    'server-rate-before-permission',
  ],
  ['rate-forgeries-count', countingForgeries(), 'server-rate-forgeries-are-free'],
  ['rate-expired-count', countingExpired(), 'server-rate-expired-are-free'],
  [
    'rate-retry-after',
    () => ({ headers: (status) => (status === 429 ? { 'retry-after': '60' } : {}) }),
    'server-rate-no-headers',
  ],
  [
    'rate-limit-headers',
    () => ({ headers: (status) => (status === 429 ? { 'x-ratelimit-limit': '5' } : {}) }),
    'server-rate-no-headers',
  ],
  [
    'rate-limit-headers-on-success',
    () => ({ headers: (status) => (status === 200 ? { 'X-RateLimit-Remaining': '4' } : {}) }),
    'server-accept-query-order',
  ],
]);

function slidingFromFirstHit(): () => Partial<ServerParts> {
  return () => {
    const starts = new Map<string, number>();
    return admission({
      window: ({ keyId, now }) => {
        const start = starts.get(keyId) ?? now;
        const current = now - start >= 60 || now < start ? now : start;
        starts.set(keyId, current);
        return `${keyId} ${current}`;
      },
    })();
  };
}

/** Counts a request against its key before the step that may refuse it. */
function countingBefore(step: 'signature' | 'timestamp'): () => Partial<ServerParts> {
  return () => {
    const refused = new Map<number, number>();
    let now = 0;
    return {
      isInWindow: (timestamp, current) => {
        now = current;
        const isInside = Math.abs(timestamp - current) <= 300;
        if (!isInside && step === 'timestamp') bump(refused, current);
        return isInside;
      },
      compare: (expected, received) => {
        if (expected !== received && step === 'signature') bump(refused, now);
        return expected === received;
      },
      makeAdmit: makeAdmission({
        isOver: (count, limit) => count + (refused.get(Math.floor(now / 60)) ?? 0) >= limit,
      }),
    };
  };
}

function bump(counts: Map<number, number>, now: number): void {
  counts.set(Math.floor(now / 60), (counts.get(Math.floor(now / 60)) ?? 0) + 1);
}

function countingForgeries(): () => Partial<ServerParts> {
  return countingBefore('signature');
}

function countingExpired(): () => Partial<ServerParts> {
  return countingBefore('timestamp');
}
