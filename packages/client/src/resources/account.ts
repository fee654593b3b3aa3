import {
  type Balance,
  type CollectionEnvelope,
  type Currency,
  Decimal,
  endpoints,
  type GetHotWalletQuery,
  type HotWallet as HotWalletAddress,
  type ListBalancesQuery,
  type ListTransactionsQuery,
  type PageEnvelope,
  type SuccessEnvelope,
  type Transaction,
  toDecimal,
  upperCaseAscii,
} from '@cpg/protocol';
import type { CallOptions } from '../call/call-scope.ts';
import type { Caller } from '../call/caller.ts';
import { type CpgCall, PagedCall } from '../call/cpg-call.ts';
import { bindMethods, checkOptions, requireOption, TEXT } from '../guards.ts';

/** The account's balances (wire protocol §4.1). */
export class Balances {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Lists all balances, or those of one currency or network. Filters ignore case. Needs `read_balance`.
   *
   * @example
   * const { data } = await cpg.balances.list({ currency: 'USDT' });
   * for (const { network, available } of data) console.log(network, available);
   */
  list(query: ListBalancesQuery = {}, options: CallOptions = {}): CpgCall<CollectionEnvelope<Balance>> {
    return this.#caller.call({ endpoint: endpoints.listBalances, given: { query }, options });
  }
}

/**
 * Adds up the available balance of one currency, on all networks or on one. Names ignore case.
 *
 * @throws CpgError `invalid_configuration` for invalid arguments; ProtocolError `invalid_decimal` for an
 * amount that is not a plain decimal string.
 * @example
 * const { data } = await cpg.balances.list();
 * console.log(sumAvailable(data, { currency: 'USDT' }).toFixed(6));
 */
export const sumAvailable = (
  balances: readonly Pick<Balance, 'currency' | 'network' | 'available'>[],
  filter: { readonly currency: string; readonly network?: string | undefined },
): Decimal => {
  const owner = 'sumAvailable';
  requireOption(`${owner}: balances`, balances, { accepts: Array.isArray, expected: 'an array of balances' });
  checkOptions(owner, filter, { currency: TEXT, network: TEXT });
  requireOption(`${owner}: currency`, filter.currency, TEXT);
  const isSame = (left: string, right: string) => upperCaseAscii(left) === upperCaseAscii(right);
  return balances
    .filter(({ currency }) => isSame(currency, filter.currency))
    .filter(({ network }) => filter.network === undefined || isSame(network, filter.network))
    .reduce((sum, { available }) => sum.plus(toDecimal(available)), new Decimal(0));
};

/** The currencies that the account can deposit and withdraw (wire protocol §4.2). */
export class Currencies {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Lists the enabled currencies with their minimums and fees. Needs `list_currencies`.
   *
   * @example
   * const { data } = await cpg.currencies.list();
   * const decimals = data.find(({ currency, network }) => currency === 'USDT' && network === 'ETH')?.decimals;
   */
  list(options: CallOptions = {}): CpgCall<CollectionEnvelope<Currency>> {
    return this.#caller.call({ endpoint: endpoints.listCurrencies, given: {}, options });
  }
}

/** The addresses that withdrawals are funded from (wire protocol §4.4). */
export class HotWallet {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Gets the address to fund on one network. Needs `request_withdrawal_funding_address`.
   *
   * @example
   * const { data } = await cpg.hotWallet.get({ network: 'ETH' });
   * console.log(data.address);
   */
  get(query: GetHotWalletQuery, options: CallOptions = {}): CpgCall<SuccessEnvelope<HotWalletAddress>> {
    return this.#caller.call({ endpoint: endpoints.getHotWallet, given: { query }, options });
  }
}

/** The account's transactions on the blockchain (wire protocol §4.5). */
export class Transactions {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Lists transactions, newest first. `await` the call for one page of `limit` rows (default 50, at most
   * 200), or `for await` it for all rows. `options` apply to each page separately. Needs `list_transactions`.
   *
   * @example
   * for await (const transaction of cpg.transactions.list({ direction: 'deposit' })) {
   *   console.log(transaction.tx_hash, transaction.amount_decimal);
   * }
   */
  list(
    query: ListTransactionsQuery = {},
    options: CallOptions = {},
  ): PagedCall<Transaction, PageEnvelope<Transaction>> {
    const first = this.#caller.call({ endpoint: endpoints.listTransactions, given: { query }, options });
    return new PagedCall(first.withResponse(), (cursor) =>
      this.#caller.call({
        endpoint: endpoints.listTransactions,
        given: { query: { ...query, cursor } },
        options,
      }),
    );
  }
}
