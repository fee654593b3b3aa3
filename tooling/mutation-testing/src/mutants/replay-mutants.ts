import { setTimeout as sleep } from 'node:timers/promises';
import { ADMISSION, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { admission, checkThenSet, forgetting, keepingLast } from './admission-alterations.ts';
import { mutants } from './mutant.ts';

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
  [
    'replay-purged-at-the-edge',
    forgetting(({ timestamp }, { claim }) => timestamp + 300 <= claim.now),
    'server-replay-until-window-ends',
    'server-replay-stamped-ahead',
  ],
  [
    'replay-race-immediate',
    checkThenSet(() => new Promise(setImmediate)),
    'server-race-many-body',
    'server-race-many-header-end',
  ],
  [
    'replay-race-network-store',
    checkThenSet(() => sleep(1)),
    'server-race-body-20',
    'server-race-body-2',
    'server-race-header-end-2',
    'server-race-header-end-20',
  ],
  [
    'replay-race-rare',
    checkThenSet(({ signature }) => (/^[7f]/.test(signature) ? new Promise(setImmediate) : undefined)),
    'server-race-many-header-end',
  ],
  [
    'replay-race-rare-network-store',
    // One signature of 16: each case misses it once in 2,300 runs.
    checkThenSet(({ signature }) => (/^[7f][0-7]/.test(signature) ? sleep(1) : undefined)),
    'server-race-many-body',
    'server-race-many-header-end',
  ],
  [
    'replay-per-address',
    admission({ used: (claim) => `${ADMISSION.used(claim)} ${claim.request.address}` }),
    'server-replay-other-address',
  ],
  ...['X-Forwarded-For', 'X-Real-IP', 'Forwarded'].map(
    (name) =>
      [
        `replay-per-${name.toLowerCase()}`,
        admission({
          used: (claim) =>
            `${ADMISSION.used(claim)} ${SERVER.getHeaderValues(claim.request.headers, name).join()}`,
        }),
        'server-replay-other-origin',
      ] as const,
  ),
  ['replay-per-connection', perConnection(true), 'server-replay-same-connection', 'server-replay-same-bytes'],
  ['replay-across-connections-only', perConnection(false), 'server-replay-same-connection'],
]);

/** Notices a replay on the same connection only, or on another one only. */
function perConnection(isSame: boolean): () => Partial<ServerParts> {
  return () => {
    const used = new Map<string, object>();
    return {
      makeAdmit: () => (claim) => {
        const before = used.get(ADMISSION.used(claim));
        used.set(ADMISSION.used(claim), claim.request.connection);
        if (before === undefined) return 'admitted';
        return (before === claim.request.connection) === isSame ? 'replayed' : 'admitted';
      },
    };
  };
}

export const REPLAY_BOUND_MUTANTS = mutants<ServerParts>('replay bounds', [
  ['replay-only-last-400', keepingLast(400), 'server-replay-after-10000'],
  ['replay-only-last-2000', keepingLast(2_000), 'server-replay-after-10000'],
  ['replay-only-last-10000', keepingLast(10_000), 'server-replay-after-10000'],
]);
