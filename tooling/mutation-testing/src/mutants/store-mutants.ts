import type { Admission, Claim, ServerParts } from '../reference/server-parts.ts';
import { type Admit, askStore, type StoreState } from '../reference/store.ts';
import { mutants } from './mutant.ts';
import { first } from './order-alterations.ts';

type Fallback = (claim: Claim, admit: Admit) => Admission | Promise<Admission>;

/** What becomes of a request that the store could not be asked about, in these states. */
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
