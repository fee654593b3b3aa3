import { setTimeout as sleep } from 'node:timers/promises';
import { Decimal, LEDGER } from '../reference/ledger-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const DISTINCT_RACES = ['server-withdrawal-distinct-race-body', 'server-withdrawal-distinct-race-header-end'];

/** Forgets references after so many seconds. */
const forgetAfter = (seconds: number) => (): Partial<ServerParts> => ({
  findEarlier: (all, order, now) =>
    LEDGER.findEarlier(
      all.filter(({ requestedAt }) => now - requestedAt <= seconds),
      order,
      now,
    ),
});

type Repeat = ServerParts['isRepeat'];

/** Compares all but these fields of a repeat. */
const repeatWithout =
  (...fields: readonly ('currency' | 'network')[]) =>
  (): Partial<ServerParts> => {
    const isRepeat: Repeat = (earlier, order) =>
      LEDGER.isRepeat(earlier, {
        ...order,
        ...Object.fromEntries(fields.map((name) => [name, earlier[name]])),
      });
    return { isRepeat };
  };

const acrossAccounts: ServerParts['findEarlier'] = (all, { client_reference: reference }) =>
  typeof reference === 'string' ? all.find((each) => each.client_reference === reference) : undefined;

/** Mistakes about which money is moved, and what a reference belongs to. */
export const MONEY_MUTANTS = mutants<ServerParts>('money', [
  [
    'reference-null-is-one',
    () => ({
      findEarlier: (all, { account, client_reference: reference }) =>
        reference === undefined
          ? undefined
          : all.find((each) => each.account === account && each.client_reference === reference),
    }),
    'server-withdrawal-reference-null',
  ],
  [
    'withdrawal-seen-before-permission',
    () => {
      let last = '';
      return {
        arrive: (request) => {
          last = request.target;
          return request;
        },
        reject: (rejection, step) =>
          step === 'permission' && /withdrawals\/9{9}/.test(last)
            ? { status: 404, message: 'Not found' }
            : rejection,
      };
    },
    'server-withdrawal-get-without-permission',
  ],
  [
    'money-held-is-spendable',
    () => ({ spendable: ({ balance }) => balance }),
    'server-withdrawal-insufficient-held',
  ],
  [
    'money-fee-of-the-last-unit-unfunded',
    () => ({ needed: (amount, fee) => amount.plus(fee).minus('0.000000000000000002') }),
    'server-withdrawal-insufficient-held',
  ],
  [
    'money-compared-as-doubles',
    () => ({
      needed: (amount, fee) => new Decimal(amount.plus(fee).toNumber()),
      spendable: (holding) => new Decimal(holding.balance.minus(holding.held).toNumber()),
    }),
    'server-withdrawal-insufficient-held',
  ],
  ['money-lost-updates', () => ({ pauseHold: () => sleep(2) }), ...DISTINCT_RACES],
  ['money-every-currency-moves', () => ({ isMoved: () => true }), 'server-withdrawal-moves-one-balance'],
  [
    'money-every-currency-of-the-network-moves',
    () => ({ isMoved: (holding, { network }) => holding.network === network }),
    'server-withdrawal-moves-one-balance',
  ],
  [
    'money-one-balance-for-all-accounts',
    () => ({ owner: () => 'all' }),
    'server-withdrawal-moves-one-balance',
    'server-withdrawal-reference-other-account',
  ],
  [
    'money-reference-of-all-accounts',
    () => ({ findEarlier: acrossAccounts }),
    'server-withdrawal-reference-other-account',
  ],
  [
    'money-reference-of-all-accounts-conflicts',
    () => ({
      findEarlier: (all, order, now) => {
        const found = acrossAccounts(all, order, now);
        const isForeign = found !== undefined && found.account !== order.account;
        return isForeign && LEDGER.isRepeat(found, order) ? undefined : found;
      },
    }),
    'server-withdrawal-reference-other-account',
  ],
  ['money-repeat-without-currency', repeatWithout('currency'), 'server-withdrawal-reference-other-currency'],
  ['money-repeat-without-network', repeatWithout('network'), 'server-withdrawal-reference-other-network'],
  [
    'money-repeat-without-either',
    repeatWithout('currency', 'network'),
    'server-withdrawal-reference-other-currency',
    'server-withdrawal-reference-other-network',
  ],
  ['money-reference-for-an-hour', forgetAfter(3600), 'server-withdrawal-reference-kept'],
  ['money-reference-for-a-day', forgetAfter(24 * 3600), 'server-withdrawal-reference-kept'],
  [
    'money-number-of-any-length',
    () => ({
      fields: (body) => {
        const { amount, ...rest } = body as { readonly amount?: unknown };
        return typeof amount === 'number' ? { ...rest, amount: new Decimal(amount).toFixed() } : body;
      },
    }),
    'server-withdrawal-amount-number-digits',
  ],
  [
    'money-number-rounded',
    () => ({
      fields: (body) => {
        const { amount, ...rest } = body as { readonly amount?: unknown };
        return typeof amount === 'number'
          ? { ...rest, amount: new Decimal(amount).toSignificantDigits(15).toFixed() }
          : body;
      },
    }),
    'server-withdrawal-amount-number-digits',
  ],
]);

/** A balance that was read is believed for so long. */
const FORGOTTEN_MS = 20;

const knownWhile = (isKnown: (status: string) => boolean) => (): Partial<ServerParts> => ({
  findEarlier: (all, order, now) =>
    LEDGER.findEarlier(
      all.filter(({ status }) => isKnown(status)),
      order,
      now,
    ),
});

/** Mistakes about the end of a withdrawal. */
export const SETTLEMENT_MUTANTS = mutants<ServerParts>('settlement', [
  [
    'settlement-frees-reference',
    knownWhile((status) => status === 'broadcasted'),
    'server-settlement-confirmed',
    'server-settlement-failed',
  ],
  [
    'settlement-failure-frees-reference',
    knownWhile((status) => status !== 'failed'),
    'server-settlement-failed',
  ],
  [
    'settlement-needs-more-than-the-cost',
    () => ({ needed: (amount, fee) => amount.plus(fee).plus('0.000000000000000001') }),
    'server-settlement-all-available',
  ],
  [
    'settlement-checked-then-held',
    () => {
      const read = new WeakMap<object, Decimal>();
      return {
        spendable: (holding) => {
          const known = read.get(holding);
          if (known !== undefined) return known;
          const left = LEDGER.spendable(holding);
          read.set(holding, left);
          setTimeout(() => read.delete(holding), FORGOTTEN_MS);
          return left;
        },
      };
    },
    'server-settlement-overdraft-race',
  ],
  ['settlement-debits-nothing', () => ({ confirm: LEDGER.release }), 'server-settlement-confirmed'],
  [
    'settlement-debits-twice',
    () => ({
      confirm: (holding, withdrawal) => {
        LEDGER.confirm(holding, withdrawal);
        holding.balance = holding.balance.minus(withdrawal.taken);
      },
    }),
    'server-settlement-confirmed',
  ],
  [
    'settlement-debits-twice-later',
    () => ({
      confirm: (holding, withdrawal) => {
        LEDGER.confirm(holding, withdrawal);
        setTimeout(() => {
          holding.balance = holding.balance.minus(withdrawal.taken);
        }, 250).unref();
      },
    }),
    'server-settlement-confirmed',
  ],
  [
    'settlement-hold-stays',
    () => ({
      confirm: (holding, { taken }) => {
        holding.balance = holding.balance.minus(taken);
      },
    }),
    'server-settlement-confirmed',
  ],
  [
    'settlement-changes-nothing',
    () => ({ confirm: () => undefined, release: () => undefined }),
    'server-settlement-confirmed',
    'server-settlement-failed',
  ],
  [
    'settlement-fee-returned',
    () => ({
      confirm: (holding, { taken, fee }) => {
        holding.balance = holding.balance.minus(taken).plus(fee);
        holding.held = holding.held.minus(taken);
      },
    }),
    'server-settlement-confirmed',
  ],
  ['settlement-failure-debits', () => ({ release: LEDGER.confirm }), 'server-settlement-failed'],
  ['settlement-failure-keeps-hold', () => ({ release: () => undefined }), 'server-settlement-failed'],
  [
    'settlement-failure-keeps-fee',
    () => ({
      release: (holding, { taken, fee }) => {
        holding.held = holding.held.minus(taken).plus(fee);
      },
    }),
    'server-settlement-failed',
  ],
  [
    'settlement-failure-releases-twice',
    () => ({
      release: (holding, { taken }) => {
        holding.held = holding.held.minus(taken.times(2));
      },
    }),
    'server-settlement-failed',
  ],
  [
    'settlement-failure-credits',
    () => ({
      release: (holding, withdrawal) => {
        LEDGER.release(holding, withdrawal);
        holding.balance = holding.balance.plus(withdrawal.taken);
      },
    }),
    'server-settlement-failed',
  ],
  [
    'settlement-available-by-last-balance',
    () => {
      let opening: Decimal | undefined;
      return {
        available: ({ balance, held, currency }) => {
          if (currency !== 'ETH') return balance.minus(held);
          opening ??= balance;
          return opening.minus(held);
        },
      };
    },
    'server-settlement-confirmed',
  ],
]);
