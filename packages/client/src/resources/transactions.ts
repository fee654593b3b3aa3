import { endpoints, type QueryOf, type ResponseOf, type Transaction } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import { PagedCall } from '../call/paged-call.ts';

const endpoint = endpoints.listTransactions;

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
    query: QueryOf<typeof endpoint> = {},
    options: CallOptions = {},
  ): PagedCall<Transaction, ResponseOf<typeof endpoint>> {
    const first = this.#caller.call({ endpoint, given: { query }, options });
    return new PagedCall(first.withResponse(), (cursor) =>
      this.#caller.call({ endpoint, given: { query: { ...query, cursor } }, options }),
    );
  }
}
