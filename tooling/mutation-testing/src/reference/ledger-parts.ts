import { keccak_256 } from '@noble/hashes/sha3.js';
import { Decimal as AnyDecimal } from 'decimal.js';
import { isSameName, makePage, type Page, type Transaction, type TransactionQuery } from './paging.ts';

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

/** A call for a deposit address, and its result. */
export interface DepositRequest {
  readonly id: number;
  readonly account: string;
  readonly currency: string;
  readonly network: string;
  readonly user_identifier?: string | null | undefined;
  readonly idempotency_key?: string | null | undefined;
  readonly address: string;
}

type DepositCall = Omit<DepositRequest, 'id' | 'address'>;

/** The steps of balances and withdrawals, each of which a mutant can replace. */
export interface LedgerParts {
  /** The part of a path that is routed. */
  readonly routed: (path: string) => string;
  /** The outcome for a target without a route. */
  readonly unknownRoute: (target: string) => { readonly status: number; readonly message: string };
  /** A page of transactions. */
  readonly select: (rows: readonly Transaction[], query: TransactionQuery) => Page;
  readonly sortTransactions: (rows: readonly Transaction[]) => readonly Transaction[];
  readonly findEarlierDeposit: (
    all: readonly DepositRequest[],
    call: DepositCall,
  ) => DepositRequest | undefined;
  readonly isSameDeposit: (earlier: DepositRequest, call: DepositCall) => boolean;
  /** The request whose address is given out again. */
  readonly findAddress: (all: readonly DepositRequest[], call: DepositCall) => DepositRequest | undefined;
  readonly isOwnDeposit: (request: DepositRequest, account: string) => boolean;
  /** Whether the account has a hot wallet on a network. */
  readonly hasWallet: (network: string) => boolean;
  readonly isOwnTransaction: (withdrawal: Withdrawal, account: string) => boolean;
  /** Whether a name in a withdrawal is this one. */
  readonly isName: (wanted: string, own: string) => boolean;
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
  readonly page: (name: string, page: Omit<Page, 'rows'>) => object;
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

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const ZERO_ADDRESS = /^0x0{40}$/;

/** Whether the capitals of an address are its checksum (EIP-55). An address in one case has none. */
const hasChecksum = (address: string): boolean => {
  const digits = address.slice(2);
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true;
  const hash = Buffer.from(keccak_256(Buffer.from(digits.toLowerCase()))).toString('hex');
  return [...digits].every(
    (digit, i) =>
      digit === (Number.parseInt(hash[i] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit.toLowerCase()),
  );
};

/** A small, correct ledger. */
export const LEDGER: LedgerParts = {
  routed: (path) => path,
  unknownRoute: () => ({ status: 404, message: 'Not found' }),
  select: makePage(),
  sortTransactions: (rows) => rows.toSorted((left, right) => right.id - left.id),
  findEarlierDeposit: (all, { account, idempotency_key: key }) =>
    typeof key === 'string'
      ? all.find((each) => each.account === account && each.idempotency_key === key)
      : undefined,
  isSameDeposit: (earlier, call) =>
    earlier.currency === call.currency &&
    earlier.network === call.network &&
    (earlier.user_identifier ?? null) === (call.user_identifier ?? null),
  findAddress: (all, { account, currency, network, user_identifier: user }) =>
    typeof user === 'string'
      ? all.find(
          (each) =>
            each.user_identifier === user &&
            each.account === account &&
            each.currency === currency &&
            each.network === network,
        )
      : undefined,
  isOwnDeposit: (request, account) => request.account === account,
  hasWallet: (network) => ['ETH', 'TRX'].includes(network.toUpperCase()),
  isOwnTransaction: (withdrawal, account) => withdrawal.account === account,
  isName: (wanted, own) => wanted.toUpperCase() === own,
  matches: (wanted, own) => wanted.toLowerCase() === own.toLowerCase(),
  combine: (isCurrency, isNetwork) => isCurrency && isNetwork,
  compareRows: (left, right) => byText(left.currency, right.currency) || byText(left.network, right.network),
  available: ({ balance, held }) => balance.minus(held),
  format: (amount, decimals) => amount.toFixed(decimals),
  count: (rows) => rows,
  listed: (rows) => ({ data: rows }),
  shape: (_name, data) => data,
  page: (name, page) => (name === 'transactions.list' ? page : {}),
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
    isSameName(earlier.currency, order.currency) &&
    isSameName(earlier.network, order.network) &&
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
  isDestination: (address) => ADDRESS.test(address) && !ZERO_ADDRESS.test(address) && hasChecksum(address),
  isKnown: (found) => found !== undefined,
  isOwn: (withdrawal, account) => withdrawal.account === account,
  parseId: (text) => (/^[1-9][0-9]{0,18}$/.test(text) ? Number(text) : undefined),
  keepsRejected: false,
  created: (data) => data,
  told: (data) => data,
  perform: async (admit, act) => (await admit()) ?? act(),
};
