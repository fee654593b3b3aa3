import { setTimeout as sleep } from 'node:timers/promises';
import { Decimal, LEDGER } from '../reference/ledger-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const CURRENCIES = ['eth', 'usdt', 'trx', 'dai'];

/** Keeps the last of several values, as some parsers do. */
const keepLastOfEach = (query: string): string => {
  const parts = query.split('&');
  const getName = (part: string | undefined) => part?.split('=')[0];
  return parts.filter((part, i) => !parts.slice(i + 1).some((e) => getName(e) === getName(part))).join('&');
};

export const BALANCE_MUTANTS = mutants<ServerParts>('balances', [
  ['balances-as-numbers', () => ({ format: (amount) => amount.toNumber() }), 'server-balances-decimals'],
  [
    'balances-with-exponent',
    () => ({ format: (amount) => amount.toExponential() }),
    'server-balances-decimals',
  ],
  [
    'balances-through-floats',
    () => ({ format: (amount, places) => amount.toNumber().toFixed(places) }),
    'server-balances-decimals',
  ],
  ['balances-two-places', () => ({ format: (amount) => amount.toFixed(2) }), 'server-balances-precision'],
  ['balances-zeros-trimmed', () => ({ format: (amount) => amount.toFixed() }), 'server-balances-precision'],
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
      matches: (wanted, own) => !CURRENCIES.includes(wanted.toLowerCase()) || LEDGER.matches(wanted, own),
    }),
    'server-balances-filter-unknown',
  ],
  [
    'balances-unknown-is-404',
    () => ({
      listed: (rows) => (rows.length === 0 ? { status: 404, message: 'Not found' } : { data: rows }),
    }),
    'server-balances-filter-unknown',
  ],
  ['balances-last-filter-counts', () => ({ filters: keepLastOfEach }), 'server-balances-filter-twice'],
]);

type Body = Readonly<Record<string, unknown>>;

const fields = (change: (body: Body) => Body) => (): Partial<ServerParts> => ({
  fields: (body) => change(body as Body),
});

const amount = (change: (amount: unknown) => unknown) =>
  fields((body) => ('amount' in body ? { ...body, amount: change(body.amount) } : body));

const FIELDS = ['currency', 'network', 'to_address', 'amount', 'client_reference'];

const created = (change: (data: Body) => Body) => (): Partial<ServerParts> => ({
  created: (data) => ({ ...data, ...change(data) }),
});

const told = (change: (data: Body) => Body) => (): Partial<ServerParts> => ({
  told: (data) => ({ ...data, ...change(data) }),
});

/** Acts before it authenticates. */
const actFirst = (): Partial<ServerParts> => ({
  perform: async (admit, act) => {
    const result = await act();
    return (await admit()) ?? result;
  },
});

/** Compares only a part of the addresses. */
const sameAddressPart =
  (part: (address: string) => string): ServerParts['isRepeat'] =>
  (earlier, order) =>
    part(earlier.to_address.toLowerCase()) === part(order.to_address.toLowerCase()) &&
    new Decimal(earlier.amount).eq(order.amount);

const RACES = ['server-withdrawal-race-body', 'server-withdrawal-race-header-end'];
const REFERENCE_RACES = [
  'server-withdrawal-reference-race-body',
  'server-withdrawal-reference-race-header-end',
];

export const WITHDRAWAL_MUTANTS = mutants<ServerParts>('withdrawals', [
  [
    'withdrawal-before-admission',
    actFirst,
    'server-withdrawal-replay',
    'server-withdrawal-without-permission',
    ...RACES,
  ],
  [
    'withdrawal-reference-ignored',
    () => ({ findEarlier: () => undefined }),
    'server-withdrawal-reference-again',
    ...REFERENCE_RACES,
  ],
  ['withdrawal-reference-check-then-act', () => ({ pause: () => sleep(2) }), ...REFERENCE_RACES],
  [
    'withdrawal-one-reference-for-all',
    () => ({
      findEarlier: (all, { account, client_reference: reference }) =>
        reference === undefined ? undefined : all.find((e) => e.account === account && e.client_reference),
      isRepeat: () => true,
    }),
    'server-withdrawal-two-references',
  ],
  [
    'withdrawal-conflict-ignored',
    () => ({ isRepeat: () => true }),
    'server-withdrawal-reference-other-amount',
    'server-withdrawal-reference-other-to-address',
  ],
  [
    'withdrawal-conflict-by-amount',
    () => ({ isRepeat: (earlier, order) => new Decimal(earlier.amount).eq(order.amount) }),
    'server-withdrawal-reference-other-to-address',
  ],
  [
    'withdrawal-conflict-by-address',
    () => ({
      isRepeat: (earlier, order) => earlier.to_address.toLowerCase() === order.to_address.toLowerCase(),
    }),
    'server-withdrawal-reference-other-amount',
  ],
  [
    'withdrawal-address-by-prefix',
    () => ({ isRepeat: sameAddressPart((address) => address.slice(0, 12)) }),
    'server-withdrawal-reference-other-to-address',
  ],
  [
    'withdrawal-address-by-suffix',
    () => ({ isRepeat: sameAddressPart((address) => address.slice(-12)) }),
    'server-withdrawal-reference-other-to-address',
  ],
  [
    'withdrawal-address-by-bytes',
    () => ({
      isRepeat: (earlier, order) =>
        earlier.to_address === order.to_address && new Decimal(earlier.amount).eq(order.amount),
    }),
    'server-withdrawal-reference-address-spelling',
  ],
  ['body-key-twice', () => ({ parseBody: JSON.parse }), 'server-syntax-key-twice'],
  ['withdrawal-refused-remembered', () => ({ keepsRejected: true }), 'server-withdrawal-after-refusal'],
  [
    'withdrawal-hold-without-fee',
    () => ({ hold: (taken) => taken }),
    'server-withdrawal-takes-amount-and-fee',
    'server-withdrawal-replay',
  ],
  [
    'withdrawal-hold-rounded',
    () => ({ hold: (taken, fee) => taken.plus(fee).toDecimalPlaces(8) }),
    'server-withdrawal-takes-amount-and-fee',
  ],
  [
    'withdrawal-holds-nothing',
    () => ({ hold: () => new Decimal(0) }),
    'server-withdrawal-takes-amount-and-fee',
  ],
  [
    'withdrawal-fee-rounded-down',
    () => ({
      fee: (taken, { feePercent, feeFlat, decimals }) =>
        taken.times(feePercent).div(100).plus(feeFlat).toDecimalPlaces(decimals, Decimal.ROUND_DOWN),
    }),
    'server-withdrawal-fee',
  ],
  [
    'withdrawal-fee-without-percent',
    () => ({ fee: (_taken, { feeFlat }) => new Decimal(feeFlat) }),
    'server-withdrawal-fee',
  ],
  [
    'withdrawal-fee-percent-as-fraction',
    () => ({ fee: (taken, terms) => LEDGER.fee(taken.times(100), terms) }),
    'server-withdrawal-fee',
  ],
  [
    'withdrawal-unknown-fields-ignored',
    fields((body) => Object.fromEntries(Object.entries(body).filter(([name]) => FIELDS.includes(name)))),
    'server-withdrawal-misspelt-reference',
  ],
  [
    'withdrawal-zero-is-missing',
    fields(({ amount: given, ...rest }) => (Number(given) === 0 ? rest : { ...rest, amount: given })),
    'server-withdrawal-amount-zero',
    'server-withdrawal-amount-zero-number',
  ],
  [
    'withdrawal-sign-ignored',
    amount((given) => (typeof given === 'string' ? given.replace(/^-/, '') : given)),
    'server-withdrawal-amount-negative',
  ],
  [
    'withdrawal-exponent-read',
    amount((given) => (given === '1e2' ? '100' : given)),
    'server-withdrawal-amount-exponent',
  ],
  [
    'withdrawal-number-refused',
    amount((given) => (typeof given === 'number' ? true : given)),
    'server-withdrawal-amount-number',
  ],
  ['withdrawal-places-unchecked', () => ({ hasPlaces: () => true }), 'server-withdrawal-amount-places'],
  ['withdrawal-minimum-unchecked', () => ({ isEnough: () => true }), 'server-withdrawal-below-minimum'],
  ['withdrawal-address-unchecked', () => ({ isDestination: () => true }), 'server-withdrawal-bad-address'],
  ['withdrawal-currency-unchecked', () => ({ isKnown: () => true }), 'server-withdrawal-unknown-currency'],
  [
    'withdrawal-funds-unchecked',
    () => ({ needed: () => new Decimal(0) }),
    'server-withdrawal-insufficient',
    'server-withdrawal-insufficient-for-fee',
  ],
  ['withdrawal-fee-unfunded', () => ({ needed: (taken) => taken }), 'server-withdrawal-insufficient-for-fee'],
  [
    'withdrawal-answers-numbers',
    created((data) => ({ amount_decimal: Number(data.amount_decimal) })),
    'server-withdrawal-takes-amount-and-fee',
  ],
  ['withdrawal-answers-no-hash', created(() => ({ tx_hash: null })), 'server-withdrawal-answer'],
  ['withdrawal-answers-queued', created(() => ({ status: 'queued' })), 'server-withdrawal-answer'],
  ['withdrawal-answers-empty-hash', created(() => ({ tx_hash: '' })), 'server-withdrawal-answer'],
  [
    'withdrawal-address-lower-cased',
    created((data) => ({ to_address: String(data.to_address).toLowerCase() })),
    'server-withdrawal-answer',
  ],
  [
    'withdrawal-fee-trimmed',
    created((data) => ({ fee_decimal: new Decimal(String(data.fee_decimal)).toDecimalPlaces(6).toFixed() })),
    'server-withdrawal-answer',
  ],
  ['withdrawal-told-as-number', told((data) => ({ amount: Number(data.amount) })), 'server-withdrawal-get'],
  ['withdrawal-told-with-z', told(() => ({ requested_at: '2026-01-31T12:00:00Z' })), 'server-withdrawal-get'],
  ['withdrawal-told-to-anyone', () => ({ isOwn: () => true }), 'server-withdrawal-get-other-account'],
  [
    'withdrawal-unseen-is-null',
    () => ({ unseen: () => ({ data: null }) }),
    'server-withdrawal-get-unknown',
    'server-withdrawal-get-other-account',
  ],
  [
    'withdrawal-id-read-loosely',
    () => ({ parseId: (text) => Number.parseInt(text, 10) || 0 }),
    'server-withdrawal-id-grammar',
  ],
  [
    'withdrawal-id-leading-zero',
    () => ({ parseId: (text) => (/^[0-9]{1,19}$/.test(text) ? Number(text) : undefined) }),
    'server-withdrawal-id-grammar',
  ],
]);
