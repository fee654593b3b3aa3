import { setTimeout as sleep } from 'node:timers/promises';
import {
  ADMISSION,
  type Admission,
  type Claim,
  makeMemory,
  type ServerParts,
} from '../reference/server-parts.ts';
import { type Admit, askStore, type StoreState } from '../reference/store.ts';
import { admission, checkThenSet } from './admission-alterations.ts';
import { mutants } from './mutant.ts';
import { first } from './order-mutants.ts';

type Fallback = (claim: Claim, admit: Admit) => Admission | Promise<Admission>;

/** Treats requests differently while the store is in one of these states. */
const onOutage =
  (fallback: Fallback, states: readonly StoreState[] = ['down', 'silent']) =>
  (): Partial<ServerParts> => ({
    reach: (admit) => async (claim, state) => {
      try {
        return await askStore(() => admit(claim), state);
      } catch {
        return states.includes(state) ? fallback(claim, admit) : 'unavailable';
      }
    },
  });

const before =
  (step: 'signature' | 'address') =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.flatMap((each) => (each === step ? ['store', each] : [each])),
  });

const header = (value: string | undefined) => (): Partial<ServerParts> => ({
  headers: (status) => (status === 503 ? { 'retry-after': value } : {}),
});

const FAILURES_BEFORE_OPEN = 5;

export const STORE_MUTANTS = mutants<ServerParts>('store', [
  [
    'store-fails-open',
    onOutage(() => 'admitted'),
    'server-store-down-503',
    'server-store-down-at-once',
    'server-store-silent-503',
  ],
  ['store-silent-fails-open', onOutage(() => 'admitted', ['silent']), 'server-store-silent-503'],
  [
    'store-outage-is-500',
    onOutage(() => {
      throw new Error('no store');
    }),
    'server-store-down-503',
    'server-store-down-before-permission',
  ],
  ['store-outage-is-a-replay', onOutage(() => 'replayed'), 'server-store-down-forgets-nothing'],
  [
    'store-silent-for-ever',
    () => ({
      reach: (admit) => (claim, state) => askStore(() => admit(claim), state, 60_000),
    }),
    'server-store-silent-503',
  ],
  ['store-without-retry-after', header(undefined), 'server-store-down-503'],
  ['store-retry-after-60', header('60'), 'server-store-down-503'],
  [
    'store-burns-in-outage',
    onOutage(async (claim, admit): Promise<Admission> => {
      await admit(claim);
      return 'unavailable';
    }),
    'server-store-down-does-not-burn',
  ],
  [
    'store-forgets-in-outage',
    (parts) => ({
      reach: () => {
        let admit = parts.makeAdmit();
        return async (claim, state) => {
          if (state === 'up') return admit(claim);
          admit = parts.makeAdmit();
          return 'unavailable';
        };
      },
    }),
    'server-store-down-forgets-nothing',
  ],
  [
    'store-own-memory-in-outage',
    (parts) => {
      const own = parts.makeAdmit();
      return onOutage((claim) => own(claim))();
    },
    'server-store-down-503',
    'server-store-down-forgets-nothing',
  ],
  [
    'store-breaker-lets-in',
    () => {
      let failures = 0;
      return onOutage(() => (++failures > FAILURES_BEFORE_OPEN ? 'admitted' : 'unavailable'))();
    },
    'server-store-down-at-once',
  ],
  [
    'store-asked-first',
    first('store'),
    'server-store-down-missing',
    'server-store-down-timestamp',
    'server-store-down-signature',
    'server-store-down-source-ip',
  ],
  ['store-asked-before-signature', before('signature'), 'server-store-down-signature'],
  ['store-asked-before-address', before('address'), 'server-store-down-source-ip'],
  [
    'store-asked-after-permission',
    ({ order }) => ({ order: [...order.filter((step) => step !== 'admission'), 'admission'] }),
    'server-store-down-before-permission',
  ],
]);

/** Each instance has a memory of its own, and updates the other one when `tells` allows it. */
const telling = (tells: (instance: number, tell: () => void) => void) => (): Partial<ServerParts> => ({
  makeAdmit: () => {
    const memories = [makeMemory(), makeMemory()];
    return (claim: Claim): Admission => {
      const { instance } = claim.request;
      const [own, other] = [memories[instance], memories[1 - instance]];
      if (own?.isUsed(ADMISSION.used(claim), claim.now)) return 'replayed';
      own?.use(ADMISSION.used(claim), claim);
      tells(instance, () => other?.use(ADMISSION.used(claim), claim));
      return 'admitted';
    };
  },
});

/** Serialises the requests of each instance, but not across instances. */
const lockedEach = (parts: ServerParts): Partial<ServerParts> => ({
  makeAdmit: () => {
    const admit = checkThenSet(() => sleep(1))().makeAdmit?.() ?? parts.makeAdmit();
    const queues: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()];
    return (claim) => {
      const instance = claim.request.instance === 0 ? 0 : 1;
      const turn = queues[instance].then(() => admit(claim));
      queues[instance] = turn;
      return turn;
    };
  },
});

export const PEER_MUTANTS = mutants<ServerParts>('peers', [
  [
    'peer-own-store',
    admission({ used: (claim) => `${ADMISSION.used(claim)} ${claim.request.instance}` }),
    'server-peer-used-here',
    'server-peer-used-there',
  ],
  [
    'peer-own-limit',
    admission({ window: (claim) => `${ADMISSION.window(claim)} ${claim.request.instance}` }),
    'server-peer-rate-together',
  ],
  ['peer-race-own-lock', lockedEach, 'server-peer-race-body', 'server-peer-race-header-end'],
  ['peer-first-tells', telling((instance, tell) => instance === 0 && tell()), 'server-peer-used-there'],
  ['peer-second-tells', telling((instance, tell) => instance === 1 && tell()), 'server-peer-used-here'],
  [
    'peer-tells-later',
    telling((_instance, tell) => {
      setTimeout(tell, 50);
    }),
    'server-peer-used-here',
    'server-peer-race-body',
  ],
  [
    'peer-burnt-before-signature',
    ({ order }) => ({
      order: order
        .filter((step) => step !== 'admission')
        .flatMap((step) => (step === 'signature' ? ['admission', step] : [step])),
    }),
    'server-peer-refusal-does-not-burn',
  ],
]);
