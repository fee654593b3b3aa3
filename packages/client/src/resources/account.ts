import {
  type Balance,
  Decimal,
  endpoints,
  type QueryOf,
  type ResponseOf,
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

  /** Lists all balances, or those of one currency or network. Filters ignore case. Needs `read_balance`. */
  list(
    query: QueryOf<typeof endpoints.listBalances> = {},
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoints.listBalances>> {
    return this.#caller.call({ endpoint: endpoints.listBalances, given: { query }, options });
  }
}

/**
 * Adds up the available balance of one currency, on all networks or on one. Names ignore case.
 *
 * @throws CpgError `invalid_configuration` for invalid arguments; ProtocolError `invalid_decimal` for an
 * amount that is not a plain decimal string.
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

  /** Lists the enabled currencies with their minimums and fees. Needs `list_currencies`. */
  list(options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoints.listCurrencies>> {
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

  /** Gets the address to fund on one network. Needs `request_withdrawal_funding_address`. */
  get(
    query: QueryOf<typeof endpoints.getHotWallet>,
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoints.getHotWallet>> {
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
   */
  list(
    query: QueryOf<typeof endpoints.listTransactions> = {},
    options: CallOptions = {},
  ): PagedCall<Transaction, ResponseOf<typeof endpoints.listTransactions>> {
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
