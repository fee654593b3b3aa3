import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const amounts = (isAmount: ClientParts['isAmount']) => () => ({ isAmount });

/** All cases of these fields. */
const getCaseIds = (...fields: readonly string[]): readonly string[] =>
  fields.flatMap((field) =>
    ['number', 'exponent', 'missing'].map((problem) => `client-amount-${field}-${problem}`),
  );

// A value nested too deeply for a line of the adapter protocol must not reach the result.
const amountsAlone: ClientParts['pickRow'] = ({ balance, held, available }) => ({ balance, held, available });

const asText = (amount: unknown): string => (typeof amount === 'string' ? amount : '-');

export const CLIENT_AMOUNT_MUTANTS = mutants<ClientParts>('client: amounts', [
  [
    'amount-anything',
    () => ({ isAmount: () => true, pickRow: amountsAlone }),
    'client-amount-balance-number',
    'client-response-deeply-nested',
  ],
  [
    'amount-any-number',
    amounts((amount) => typeof amount === 'number' || CLIENT.isAmount(amount)),
    'client-amount-balance-number',
  ],
  [
    'amount-null',
    amounts((amount) => amount === null || CLIENT.isAmount(amount)),
    'client-response-null-amount',
  ],
  [
    'amount-by-coercion',
    amounts((amount) => !Number.isNaN(Number(asText(amount)))),
    'client-amount-balance-exponent',
    'client-response-plus-amount',
    'client-response-space-amount',
    'client-response-hexadecimal-amount',
    'client-response-infinite-amount',
    'client-response-empty-amount',
  ],
  [
    'amount-by-prefix',
    amounts((amount) => !Number.isNaN(Number.parseFloat(asText(amount)))),
    'client-response-comma-amount',
  ],
  [
    'amount-from-prototype',
    () => ({ pickRow: (row) => Object.assign({}, row) }),
    'client-response-amount-from-prototype',
  ],
  [
    'amount-missing-is-fine',
    () => ({
      isAmount: (amount) => amount === undefined || CLIENT.isAmount(amount),
      pickRow: amountsAlone,
    }),
    'client-amount-balance-missing',
    'client-amount-created-fee-missing',
  ],
  [
    'amount-of-balance-alone',
    () => ({ amounts: { ...CLIENT.amounts, balances: ['balance'] } }),
    ...getCaseIds('held', 'available'),
  ],
  [
    'amount-of-withdrawals-unread',
    () => ({ amounts: { ...CLIENT.amounts, created: [], withdrawal: [] } }),
    ...getCaseIds('created-amount', 'created-fee', 'withdrawal-amount', 'withdrawal-fee'),
  ],
]);
