import { LEDGER } from '../reference/ledger-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const KNOWN = ['eth', 'usdt', 'trx', 'dai'];

/** The last of several values counts, as some parsers have it. */
const lastOfEach = (query: string): string => {
  const parts = query.split('&');
  const nameOf = (part: string | undefined) => part?.split('=')[0];
  return parts.filter((part, i) => !parts.slice(i + 1).some((e) => nameOf(e) === nameOf(part))).join('&');
};

export const BALANCE_MUTANTS = mutants<ServerParts>('balances', [
  ['balances-as-numbers', () => ({ print: (amount) => amount.toNumber() }), 'server-balances-decimals'],
  [
    'balances-with-exponent',
    () => ({ print: (amount) => amount.toExponential() }),
    'server-balances-decimals',
  ],
  [
    'balances-through-floats',
    () => ({ print: (amount, places) => amount.toNumber().toFixed(places) }),
    'server-balances-decimals',
  ],
  ['balances-two-places', () => ({ print: (amount) => amount.toFixed(2) }), 'server-balances-precision'],
  ['balances-zeros-trimmed', () => ({ print: (amount) => amount.toFixed() }), 'server-balances-precision'],
  ['balances-held-available', () => ({ available: ({ balance }) => balance }), 'server-balances-decimals'],
  [
    'balances-count-off',
    () => ({ count: (rows) => rows + 1 }),
    'server-balances-decimals',
    'server-balances-filter-unknown',
  ],
  ['balances-unordered', () => ({ compareRows: () => 0 }), 'server-balances-order'],
  [
    'balances-by-network-first',
    () => ({
      compareRows: (a, b) =>
        LEDGER.compareRows(
          { ...a, currency: a.network, network: a.currency },
          { ...b, currency: b.network, network: b.currency },
        ),
    }),
    'server-balances-order',
  ],
  [
    'balances-unfiltered',
    () => ({ matches: () => true }),
    'server-balances-filter',
    'server-balances-filter-unknown',
  ],
  ['balances-either-filter', () => ({ combine: (a, b) => a || b }), 'server-balances-filter'],
  ['balances-currency-only', () => ({ combine: (isCurrency) => isCurrency }), 'server-balances-filter'],
  [
    'balances-filter-case-matters',
    () => ({ matches: (wanted, own) => wanted === own }),
    'server-balances-filter-case',
  ],
  [
    'balances-filter-upper-or-lower',
    () => ({ matches: (wanted, own) => wanted === own || wanted === own.toLowerCase() }),
    'server-balances-filter-case',
  ],
  [
    'balances-unknown-is-all',
    () => ({
      matches: (wanted, own) => !KNOWN.includes(wanted.toLowerCase()) || LEDGER.matches(wanted, own),
    }),
    'server-balances-filter-unknown',
  ],
  ['balances-last-filter-counts', () => ({ filters: lastOfEach }), 'server-balances-filter-twice'],
]);
