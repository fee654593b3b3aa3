import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const amounts = (isAmount: ClientParts['isAmount']) => () => ({ isAmount });

const asText = (amount: unknown): string => (typeof amount === 'string' ? amount : '-');

export const CLIENT_AMOUNT_MUTANTS = mutants<ClientParts>('client: amounts', [
  [
    'amount-anything',
    () => ({
      isAmount: () => true,
      pickRow: ({ balance, held, available }) => ({ balance, held, available }),
    }),
    'client-response-number-amount',
    'client-response-deeply-nested',
  ],
  [
    'amount-any-number',
    amounts((amount) => typeof amount === 'number' || CLIENT.isAmount(amount)),
    'client-response-number-amount',
  ],
  [
    'amount-null',
    amounts((amount) => amount === null || CLIENT.isAmount(amount)),
    'client-response-null-amount',
  ],
  [
    'amount-by-coercion',
    amounts((amount) => !Number.isNaN(Number(asText(amount)))),
    'client-response-exponent-amount',
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
]);
