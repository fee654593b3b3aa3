import { Decimal as AnyDecimal } from 'decimal.js';

export const Decimal: typeof AnyDecimal = AnyDecimal.clone({ precision: 120 });
export type Decimal = AnyDecimal;

export interface Currency {
  readonly currency: string;
  readonly network: string;
  readonly decimals: number;
  readonly minimum: string;
  readonly feeFlat: string;
  readonly feePercent: string;
}

/** An account's balance in one currency. */
export interface Holding {
  readonly currency: string;
  readonly network: string;
  readonly decimals: number;
  balance: Decimal;
  held: Decimal;
}

/** The fields of a withdrawal request that a repeat is compared by. */
export interface Order {
  readonly account: string;
  readonly currency: string;
  readonly network: string;
  readonly to_address: string;
  readonly amount: string;
  readonly client_reference?: string | null;
}

export interface Withdrawal extends Order {
  readonly id: number;
  /** What was held for it. */
  readonly taken: Decimal;
  /** The server's clock, in Unix seconds. */
  readonly requestedAt: number;
  status: 'broadcasted' | 'confirmed' | 'failed';
  readonly fee: Decimal;
  readonly decimals: number;
}

/** The steps of balances and withdrawals, each of which a mutant can replace. */
export interface LedgerParts {
  /** Whether a row matches a filter. */
  readonly matches: (wanted: string, own: string) => boolean;
  /** Whether a row must match both filters. */
  readonly combine: (isCurrency: boolean, isNetwork: boolean) => boolean;
  readonly compareRows: (left: Holding, right: Holding) => number;
  readonly available: (holding: Holding) => Decimal;
  readonly format: (amount: Decimal, decimals: number) => unknown;
  readonly count: (rows: number) => number;
  /** The outcome for a list of balances. */
  readonly listed: (
    rows: readonly object[],
  ) => { readonly status: number; readonly message: string } | { readonly data: unknown };
  /** The data of a response, or a row of it; `name`: of the endpoint. */
  readonly shape: (name: string, data: object) => object;
  /** The members beside the rows of a list. */
  readonly page: (name: string) => object;
  /** The data of the response to `_ping`. */
  readonly pong: () => object;
  readonly fee: (amount: Decimal, currency: Currency) => Decimal;
  readonly hold: (amount: Decimal, fee: Decimal) => Decimal;
  readonly needed: (amount: Decimal, fee: Decimal) => Decimal;
  /** Runs between the search for an earlier withdrawal and the writing of this one. */
  readonly pause: () => Promise<unknown> | undefined;
  readonly findEarlier: (all: readonly Withdrawal[], order: Order, now: number) => Withdrawal | undefined;
  /** Runs between reading and writing the amount that is held. */
  readonly pauseHold: () => Promise<unknown> | undefined;
  /** The name under which the balances of an account are kept. */
  readonly owner: (account: string) => string;
  /** Whether a withdrawal in this currency moves the balance. */
  readonly isMoved: (holding: Holding, currency: Currency) => boolean;
  readonly spendable: (holding: Holding) => Decimal;
  readonly settleAfterMs: number;
  readonly confirm: (holding: Holding, withdrawal: Withdrawal) => void;
  readonly release: (holding: Holding, withdrawal: Withdrawal) => void;
  readonly isRepeat: (earlier: Withdrawal, order: Order) => boolean;
  /** The part of the query that is validated. */
  readonly filters: (query: string) => string;
  /** The outcome for a withdrawal that the account may not see. */
  readonly unseen: () => { readonly status: number; readonly message: string } | { readonly data: unknown };
  /** Parses the text of a body; throws when it is malformed. */
  readonly parseBody: (text: string) => unknown;
  /** The part of the body that is validated. */
  readonly fields: (body: unknown) => unknown;
  readonly hasPlaces: (amount: Decimal, decimals: number) => boolean;
  readonly isEnough: (amount: Decimal, minimum: string) => boolean;
  readonly isDestination: (address: string) => boolean;
  readonly isKnown: (found: Currency | undefined) => boolean;
  readonly isOwn: (withdrawal: Withdrawal, account: string) => boolean;
  /** The id in a path; `undefined` for a text that is not an id. */
  readonly parseId: (text: string) => number | undefined;
  /** A rejected withdrawal stays on record. */
  readonly keepsRejected: boolean;
  readonly created: (data: Readonly<Record<string, unknown>>) => object;
  readonly told: (data: Readonly<Record<string, unknown>>) => object;
  /** Authenticates, then acts. */
  readonly perform: <Result>(
    admit: () => Promise<Result | undefined>,
    act: () => Promise<Result>,
  ) => Promise<Result>;
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** The keys of all objects in a value, however deeply they are nested. */
const countKeys = (value: unknown): number => {
  const rest: unknown[] = [value];
  let count = 0;
  while (rest.length > 0) {
    const each = rest.pop();
    if (typeof each !== 'object' || each === null) continue;
    if (!Array.isArray(each)) count += Object.keys(each).length;
    for (const inner of Object.values(each)) rest.push(inner);
  }
  return count;
};

/** A small, correct ledger. */
export const LEDGER: LedgerParts = {
  matches: (wanted, own) => wanted.toLowerCase() === own.toLowerCase(),
  combine: (isCurrency, isNetwork) => isCurrency && isNetwork,
  compareRows: (left, right) => byText(left.currency, right.currency) || byText(left.network, right.network),
  available: ({ balance, held }) => balance.minus(held),
  format: (amount, decimals) => amount.toFixed(decimals),
  count: (rows) => rows,
  listed: (rows) => ({ data: rows }),
  shape: (_name, data) => data,
  page: (name) => (name === 'transactions.list' ? { next_cursor: null, has_more: false } : {}),
  pong: () => ({ pong: true }),
  fee: (amount, { feeFlat, feePercent, decimals }) =>
    amount.times(feePercent).div(100).plus(feeFlat).toDecimalPlaces(decimals, Decimal.ROUND_UP),
  hold: (amount, fee) => amount.plus(fee),
  needed: (amount, fee) => amount.plus(fee),
  pause: () => undefined,
  pauseHold: () => undefined,
  owner: (account) => account,
  isMoved: (holding, { currency, network }) => holding.currency === currency && holding.network === network,
  spendable: ({ balance, held }) => balance.minus(held),
  settleAfterMs: 500,
  confirm: (holding, { taken }) => {
    holding.balance = holding.balance.minus(taken);
    holding.held = holding.held.minus(taken);
  },
  release: (holding, { taken }) => {
    holding.held = holding.held.minus(taken);
  },
  findEarlier: (all, { account, client_reference: reference }) =>
    typeof reference === 'string'
      ? all.find((each) => each.account === account && each.client_reference === reference)
      : undefined,
  isRepeat: (earlier, order) =>
    earlier.currency === order.currency &&
    earlier.network === order.network &&
    earlier.to_address.toLowerCase() === order.to_address.toLowerCase() &&
    new Decimal(earlier.amount).eq(order.amount),
  filters: (query) => query,
  unseen: () => ({ status: 404, message: 'Not found' }),
  parseBody: (text) => {
    const value: unknown = JSON.parse(text);
    const written = text.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?/g)?.filter((each) => each.endsWith(':')) ?? [];
    if (countKeys(value) < written.length) throw new SyntaxError('a key twice');
    return value;
  },
  fields: (body) => body,
  hasPlaces: (amount, decimals) => amount.decimalPlaces() <= decimals,
  isEnough: (amount, minimum) => amount.gte(minimum),
  isDestination: (address) => /^0x[0-9a-fA-F]{40}$/.test(address),
  isKnown: (found) => found !== undefined,
  isOwn: (withdrawal, account) => withdrawal.account === account,
  parseId: (text) => (/^[1-9][0-9]{0,18}$/.test(text) ? Number(text) : undefined),
  keepsRejected: false,
  created: (data) => data,
  told: (data) => data,
  perform: async (admit, act) => (await admit()) ?? act(),
};
