import { setTimeout as sleep } from 'node:timers/promises';
import {
  ADMISSION,
  type Admission,
  type Claim,
  makeMemory,
  type ServerParts,
} from '../reference/server-parts.ts';
import { admission, checkThenSet } from './admission-alterations.ts';
import { mutants } from './mutant.ts';

/** Each instance remembers by itself, and tells the other one when `tells` lets it. */
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

/** One request after the other on each instance, but not across them. */
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
