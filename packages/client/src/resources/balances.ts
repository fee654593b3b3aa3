import { endpoints, type QueryOf, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';

const endpoint = endpoints.listBalances;

/** What the account holds. Contract §4.1. */
export class Balances {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Every balance, or those of one currency or network; filters ignore case. Needs `read_balance`. */
  list(
    query: QueryOf<typeof endpoint> = {},
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoint>> {
    return this.#caller.call({ endpoint, given: { query }, options });
  }
}
