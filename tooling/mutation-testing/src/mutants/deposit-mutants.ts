import { LEDGER } from '../reference/ledger-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const KEY = 'server-deposit-key-again';
const USER = 'server-deposit-user';

const echoing = (change: (user: string) => string | null) => (): Partial<ServerParts> => ({
  shape: (_name, data) => {
    const { user_identifier: user } = data as { readonly user_identifier?: unknown };
    return typeof user === 'string' ? { ...data, user_identifier: change(user) } : data;
  },
});

/** Mistakes about deposit addresses and the hot wallet. */
export const DEPOSIT_MUTANTS = mutants<ServerParts>('deposits', [
  [
    'deposit-key-ignored',
    () => ({ findEarlierDeposit: () => undefined }),
    KEY,
    'server-deposit-key-other-user',
  ],
  [
    'deposit-any-key-is-a-repeat',
    () => ({ findEarlierDeposit: (all) => all.find(({ idempotency_key: key }) => key !== undefined) }),
    KEY,
  ],
  ['deposit-key-other-user-repeats', () => ({ isSameDeposit: () => true }), 'server-deposit-key-other-user'],
  ['deposit-key-again-conflicts', () => ({ isSameDeposit: () => false }), KEY],
  ['deposit-user-gets-new-addresses', () => ({ findAddress: () => undefined }), USER],
  [
    'deposit-user-is-the-key',
    () => ({
      findEarlierDeposit: (all, call) =>
        LEDGER.findEarlierDeposit(all, call) ??
        all.find((each) => each.user_identifier === call.user_identifier),
    }),
    USER,
  ],
  [
    'deposit-one-address-for-all-users',
    () => ({
      findAddress: (all, { user_identifier: user }) =>
        typeof user === 'string' ? all.find((each) => typeof each.user_identifier === 'string') : undefined,
    }),
    USER,
  ],
  ['deposit-user-not-echoed', echoing(() => null), USER],
  ['deposit-user-in-ascii', echoing((user) => user.replace(/[^ -~]/g, '?')), USER],
  ['deposit-user-normalised', echoing((user) => user.normalize('NFD')), USER],
  ['deposit-request-of-any-account', () => ({ isOwnDeposit: () => true }), 'server-deposit-request-id'],
  [
    'deposit-request-id-lenient',
    () => ({
      parseId: (text) => (Number.isNaN(Number.parseInt(text, 10)) ? undefined : Number.parseInt(text, 10)),
    }),
    'server-deposit-request-id',
  ],
  [
    'deposit-request-id-0-is-unknown',
    () => ({ parseId: (text) => (text === '0' ? 10 ** 9 : LEDGER.parseId(text)) }),
    'server-deposit-request-id',
  ],
  ['hot-wallet-of-any-network', () => ({ hasWallet: () => true }), 'server-hot-wallet-network'],
  [
    'hot-wallet-default-network',
    () => ({ filters: (query) => (/network=/.test(query) ? query : `${query}&network=ETH`) }),
    'server-hot-wallet-network',
  ],
]);
