import { endpoints, type QueryOf, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';

/** What the account holds. Contract §4.1. */
export class Balances {
  readonly #call: Caller;

  constructor(call: Caller) {
    this.#call = call;
  }

  /** Every balance, or those of one currency or network; filters ignore case. Needs `read_balance`. */
  list(
    query: QueryOf<typeof endpoints.listBalances> = {},
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoints.listBalances>> {
    return this.#call({ endpoint: endpoints.listBalances, given: { query }, options });
  }
}
