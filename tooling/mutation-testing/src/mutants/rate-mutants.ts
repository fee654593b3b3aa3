import { setTimeout as sleep } from 'node:timers/promises';
import { ADMISSION, makeAdmission, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { admission, checkThenSet, ordered } from './admission-alterations.ts';
import { mutants } from './mutant.ts';

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
  [
    'rate-per-key-and-address',
    admission({
      window: (claim) => `${ADMISSION.window(claim)} ${claim.request.address}`,
    }),
    'server-rate-other-address',
  ],
  [
    'rate-per-key-and-origin',
    admission({
      window: (claim) =>
        `${ADMISSION.window(claim)} ${SERVER.getHeaderValues(claim.request.headers, 'X-Forwarded-For').join()}`,
    }),
    'server-rate-other-origin',
  ],
  [
    'rate-per-key-and-route',
    admission({ window: (claim) => `${ADMISSION.window(claim)} ${claim.request.target.split('?')[0]}` }),
    'server-rate-all-routes-together',
  ],
  [
    'rate-checked-then-counted',
    checkThenSet(() => sleep(1)),
    'server-rate-race-body',
    'server-rate-race-header-end',
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
    'server-rate-epoch-minute',
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

/** Counts a request against its key before a step that may reject it. */
function countingBefore(step: 'signature' | 'timestamp'): () => Partial<ServerParts> {
  return () => {
    const rejected = new Map<number, number>();
    let now = 0;
    return {
      isInWindow: (timestamp, current) => {
        now = current;
        const isInside = Math.abs(timestamp - current) <= 300;
        if (!isInside && step === 'timestamp') bump(rejected, current);
        return isInside;
      },
      compare: (expected, received) => {
        if (expected !== received && step === 'signature') bump(rejected, now);
        return expected === received;
      },
      makeAdmit: makeAdmission({
        isOver: (count, limit) => count + (rejected.get(Math.floor(now / 60)) ?? 0) >= limit,
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
