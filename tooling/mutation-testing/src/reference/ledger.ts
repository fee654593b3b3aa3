import {
  type Currency,
  Decimal,
  type Holding,
  type LedgerParts,
  type Order,
  type Withdrawal,
} from './ledger-parts.ts';
import type { Page, TransactionQuery } from './paging.ts';
import type { Rejection } from './server-parts.ts';

const currency = (
  [name, network]: readonly [string, string],
  decimals: number,
  terms: Pick<Currency, 'minimum' | 'feeFlat' | 'feePercent'>,
): Currency => ({ currency: name, network, decimals, ...terms });

/** The currencies of the reference server. */
export const CURRENCIES: readonly Currency[] = [
  currency(['USDT', 'TRX'], 6, { minimum: '10', feeFlat: '1', feePercent: '0' }),
  currency(['ETH', 'ETH'], 18, { minimum: '0.0001', feeFlat: '0.00001', feePercent: '0.5' }),
  currency(['USDT', 'ETH'], 6, { minimum: '10', feeFlat: '5', feePercent: '0' }),
  currency(['DAI', 'TRX'], 6, { minimum: '10', feeFlat: '1', feePercent: '0' }),
];

/** The balance and the held amount of each currency. */
const OPENING = [
  ['250', '20'],
  ['2.000000000000000003', '0.000000000000000001'],
  ['1500', '200'],
  ['7', '0'],
] as const;

const opened = (): readonly Holding[] =>
  CURRENCIES.map(({ currency: name, network, decimals }, i) => ({
    currency: name,
    network,
    decimals,
    balance: new Decimal(OPENING[i]?.[0] ?? 0),
    held: new Decimal(OPENING[i]?.[1] ?? 0),
  }));

const rejection = (status: number, message: string): Rejection => ({ status, message });

/** The balances and withdrawals of every account, in memory. */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #holdings = new Map<string, readonly Holding[]>();
  readonly #withdrawals: Withdrawal[] = [];

  readonly #now: () => number;

  /** `now`: the server's clock, in Unix seconds. */
  constructor(parts: LedgerParts, now: () => number) {
    this.#parts = parts;
    this.#now = now;
  }

  balances(
    account: string,
    wanted: { currency?: string | undefined; network?: string | undefined },
  ): object[] {
    const { matches, combine, compareRows, available, format } = this.#parts;
    return this.#of(account)
      .filter((row) =>
        combine(
          wanted.currency === undefined || matches(wanted.currency, row.currency),
          wanted.network === undefined || matches(wanted.network, row.network),
        ),
      )
      .toSorted(compareRows)
      .map((row) => ({
        currency: row.currency,
        network: row.network,
        balance: format(row.balance, row.decimals),
        held: format(row.held, row.decimals),
        available: format(available(row), row.decimals),
      }));
  }

  async withdraw(order: Order): Promise<Rejection | { readonly data: object }> {
    const { findEarlier, isRepeat, pause, created } = this.#parts;
    const earlier = findEarlier(this.#withdrawals, order, this.#now());
    // Without a pause, the search and the writing are one step.
    const pausing = pause();
    if (pausing !== undefined) await pausing;
    if (earlier !== undefined && !isRepeat(earlier, order))
      return rejection(409, 'client_reference was already used with different parameters');
    const result = earlier ?? (await this.#hold(order));
    if ('message' in result) return result;
    const { id, amount, fee, decimals } = result;
    const { format } = this.#parts;
    return {
      data: created({
        withdrawal_id: id,
        status: 'broadcasted',
        tx_hash: `0x${id}`,
        network: result.network,
        currency: result.currency,
        to_address: result.to_address,
        amount_decimal: format(new Decimal(amount), decimals),
        fee_decimal: format(fee, decimals),
      }),
    };
  }

  withdrawal(account: string, id: number): { readonly data: object } | undefined {
    const { isOwn, format, told } = this.#parts;
    const found = this.#withdrawals.find((each) => each.id === id && isOwn(each, account));
    if (found === undefined) return undefined;
    return {
      data: told({
        id,
        currency: found.currency,
        network: found.network,
        to_address: found.to_address,
        amount: format(new Decimal(found.amount), found.decimals),
        fee: format(found.fee, found.decimals),
        status: found.status,
        tx_hash: `0x${id}`,
        error_message: null,
        requested_at: '2026-01-31T12:00:00+00:00',
        broadcast_at: '2026-01-31T12:00:00+00:00',
        confirmed_at: null,
      }),
    };
  }

  /** The withdrawals of an account, as transactions, newest first. */
  transactions(account: string, query: TransactionQuery): Page {
    const { format, isOwnTransaction, select, sortTransactions } = this.#parts;
    const rows = this.#withdrawals
      .filter((each) => isOwnTransaction(each, account))
      .map((each) => ({
        id: each.id,
        tx_hash: `0x${each.id}`,
        direction: 'withdrawal',
        status: each.status,
        currency: each.currency,
        network: each.network,
        from_address: null,
        to_address: each.to_address,
        amount_decimal: format(new Decimal(each.amount), each.decimals),
        confirmations: 0,
        block_number: null,
        created_at: '2026-01-31T12:00:00+00:00',
        confirmed_at: null,
      }));
    return select(sortTransactions(rows), query);
  }

  #of(account: string): readonly Holding[] {
    const owner = this.#parts.owner(account);
    const holdings = this.#holdings.get(owner) ?? opened();
    this.#holdings.set(owner, holdings);
    return holdings;
  }

  async #hold(order: Order): Promise<Rejection | Withdrawal> {
    const parts = this.#parts;
    const found = CURRENCIES.find(
      (each) => parts.isName(order.currency, each.currency) && parts.isName(order.network, each.network),
    );
    if (!parts.isKnown(found)) return rejection(400, 'Withdrawals are not enabled for this currency');
    const terms = found ?? CURRENCIES[0];
    if (terms === undefined) throw new Error('no currencies');
    const amount = new Decimal(order.amount);
    if (!parts.hasPlaces(amount, terms.decimals))
      return rejection(422, `amount: Input should have at most ${terms.decimals} decimal places`);
    if (!parts.isEnough(amount, terms.minimum))
      return rejection(400, 'Amount is below the minimum withdrawal amount');
    if (!parts.isDestination(order.to_address)) return rejection(400, 'Invalid destination address');
    const fee = parts.fee(amount, terms);
    const moved = this.#of(order.account).filter((each) => parts.isMoved(each, terms));
    const holding = moved.find(({ currency: name }) => name === terms.currency);
    const taken = parts.hold(amount, fee);
    const withdrawal: Withdrawal = {
      ...order,
      currency: terms.currency,
      network: terms.network,
      id: this.#withdrawals.length + 1,
      fee,
      decimals: terms.decimals,
      taken,
      requestedAt: this.#now(),
      status: 'broadcasted',
    };
    const isShort = holding === undefined || parts.needed(amount, fee).gt(parts.spendable(holding));
    if (!isShort || parts.keepsRejected) this.#withdrawals.push(withdrawal);
    if (isShort) return rejection(400, 'Insufficient available balance');
    const before = moved.map(({ held }) => held);
    // Without a pause, reading and writing are one step.
    const pausing = parts.pauseHold();
    if (pausing !== undefined) await pausing;
    for (const [i, each] of moved.entries()) each.held = (before[i] ?? each.held).plus(taken);
    setTimeout(() => this.#settle(moved, withdrawal), parts.settleAfterMs).unref();
    return withdrawal;
  }

  #settle(holdings: readonly Holding[], withdrawal: Withdrawal): void {
    const isFailing = withdrawal.to_address.toLowerCase() === FAILING_ADDRESS;
    withdrawal.status = isFailing ? 'failed' : 'confirmed';
    for (const holding of holdings) this.#parts[isFailing ? 'release' : 'confirm'](holding, withdrawal);
  }
}

/** A withdrawal to this address fails. */
const FAILING_ADDRESS = '0x000000000000000000000000000000000000dead';
