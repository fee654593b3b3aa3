import { endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';

const endpoint = endpoints.listCurrencies;

/** What the account can deposit and withdraw. Contract §4.2. */
export class Currencies {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Every enabled currency, with minimums and fees. Needs `list_currencies`. */
  list(options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoint>> {
    return this.#caller.call({ endpoint, given: {}, options });
  }
}
