import { LEDGER } from '../reference/ledger-parts.ts';
import { makePage, PAGING, type Paging } from '../reference/paging.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const paging = (changes: Partial<Paging>) => (): Partial<ServerParts> => ({ select: makePage(changes) });

/** Changes the query before it is validated. */
const querying = (pattern: RegExp, replacement: string) => (): Partial<ServerParts> => ({
  filters: (query) => query.replace(pattern, replacement),
});

const ignoring = (...fields: readonly ('direction' | 'currency' | 'network')[]) =>
  paging({
    isSelected: (row, query) =>
      PAGING.isSelected(row, {
        ...query,
        ...Object.fromEntries(fields.map((name) => [name, row[name]])),
      }),
  });

const PAGES = 'server-transactions-pages';
const LAST = 'server-transactions-last-page';

/** Mistakes in the list of transactions. */
export const TRANSACTION_MUTANTS = mutants<ServerParts>('transactions', [
  [
    'transactions-oldest-first',
    () => ({ sortTransactions: (rows) => LEDGER.sortTransactions(rows).toReversed() }),
    'server-transactions-order',
  ],
  ['transactions-cursor-inclusive', paging({ isBelow: (id, cursor) => id <= cursor }), PAGES],
  ['transactions-cursor-skips-one', paging({ isBelow: (id, cursor) => id < cursor - 1 }), PAGES],
  ['transactions-cursor-upwards', paging({ isBelow: (id, cursor) => id > cursor }), PAGES],
  ['transactions-cursor-ignored', paging({ isBelow: () => true }), PAGES],
  [
    'transactions-next-cursor-of-first-row',
    paging({ nextCursor: ([first], hasMore) => (hasMore ? (first?.id ?? null) : null) }),
    PAGES,
  ],
  [
    'transactions-next-cursor-below-last-row',
    paging({ nextCursor: (page, hasMore) => (hasMore ? Number(page.at(-1)?.id) - 1 : null) }),
    PAGES,
    LAST,
  ],
  ['transactions-next-cursor-always', paging({ nextCursor: (page) => page.at(-1)?.id ?? null }), LAST],
  ['transactions-next-cursor-never', paging({ nextCursor: () => null }), PAGES, LAST],
  ['transactions-more-when-full', paging({ hasMore: (page, _all, limit) => page.length === limit }), LAST],
  ['transactions-never-more', paging({ hasMore: () => false }), PAGES, LAST],
  ['transactions-limit-ignored', paging({ limit: () => 50 }), 'server-transactions-limit', PAGES],
  [
    'transactions-limit-and-one',
    paging({ limit: ({ limit = 50 }) => limit + 1 }),
    'server-transactions-limit',
    LAST,
  ],
  ['transactions-limit-capped', querying(/limit=201/, 'limit=200'), 'server-transactions-limit'],
  ['transactions-limit-0', querying(/limit=0/, 'limit=1'), 'server-transactions-limit'],
  ['transactions-limit-negative', querying(/limit=-1/, 'limit=1'), 'server-transactions-limit'],
  ['transactions-limit-by-prefix', querying(/(limit=\d+)[.e]\d+/, '$1'), 'server-transactions-limit'],
  ['transactions-limit-no-number', querying(/limit=x/, ''), 'server-transactions-limit'],
  ['transactions-direction-ignored', ignoring('direction'), 'server-transactions-direction'],
  ['transactions-direction-unknown', querying(/direction=sideways/, ''), 'server-transactions-direction'],
  ['transactions-currency-ignored', ignoring('currency'), 'server-transactions-filter'],
  [
    'transactions-filter-case-matters',
    paging({
      isSelected: (row, query) =>
        PAGING.isSelected(row, query) && (query.currency ?? row.currency) === row.currency,
    }),
    'server-transactions-filter',
  ],
  [
    'transactions-of-all-accounts',
    () => ({ isOwnTransaction: () => true }),
    'server-transactions-of-account',
  ],
]);
