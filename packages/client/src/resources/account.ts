import {
  type Balance,
  Decimal,
  endpoints,
  type QueryOf,
  type ResponseOf,
  type Transaction,
  toDecimal,
} from '@cpg/protocol';
import type { CallOptions } from '../call/call-scope.ts';
import type { Caller } from '../call/caller.ts';
import { type CpgCall, PagedCall } from '../call/cpg-call.ts';
import { checkOptions, requireOption, TEXT } from '../guards.ts';

/** What the account holds. Contract §4.1. */
export class Balances {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Every balance, or those of one currency or network; filters ignore case. Needs `read_balance`. */
  list(
    query: QueryOf<typeof endpoints.listBalances> = {},
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoints.listBalances>> {
    return this.#caller.call({ endpoint: endpoints.listBalances, given: { query }, options });
  }
}

/**
 * What can be withdrawn of one currency, over all networks or on one of them; names ignore case. Adding up balances without
 * naming the currency would add dollars to bitcoins, and adding their strings would join them.
 *
 * @throws CpgError `invalid_configuration` for arguments of the wrong kind; ProtocolError `invalid_decimal` for an amount that is not a plain decimal string.
 */
export const sumAvailable = (
  balances: readonly Pick<Balance, 'currency' | 'network' | 'available'>[],
  filter: { readonly currency: string; readonly network?: string | undefined },
): Decimal => {
  const owner = 'sumAvailable';
  requireOption(`${owner}: balances`, balances, { accepts: Array.isArray, expected: 'an array of balances' });
  checkOptions(owner, filter, { currency: TEXT, network: TEXT });
  requireOption(`${owner}: currency`, filter.currency, TEXT);
  const isSame = (left: string, right: string) => left.toUpperCase() === right.toUpperCase();
  return balances
    .filter(({ currency }) => isSame(currency, filter.currency))
    .filter(({ network }) => filter.network === undefined || isSame(network, filter.network))
    .reduce((sum, { available }) => sum.plus(toDecimal(available)), new Decimal(0));
};

/** What the account can deposit and withdraw. Contract §4.2. */
export class Currencies {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Every enabled currency, with minimums and fees. Needs `list_currencies`. */
  list(options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoints.listCurrencies>> {
    return this.#caller.call({ endpoint: endpoints.listCurrencies, given: {}, options });
  }
}

/** Where withdrawals are funded from. Contract §4.4. */
export class HotWallet {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The address to fund on one network. Needs `request_withdrawal_funding_address`. */
  get(
    query: QueryOf<typeof endpoints.getHotWallet>,
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoints.getHotWallet>> {
    return this.#caller.call({ endpoint: endpoints.getHotWallet, given: { query }, options });
  }
}

/** The account's movements on the chain. Contract §4.5. */
export class Transactions {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Transactions, newest first. `await` the call for one page of `limit` rows (50 unless told otherwise, 200 at most),
   * `for await` it for all. `options` hold for each page by itself. Needs `list_transactions`.
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
