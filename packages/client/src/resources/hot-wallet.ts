import { endpoints, type QueryOf, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';

const endpoint = endpoints.getHotWallet;

/** Where withdrawals are funded from. Contract §4.4. */
export class HotWallet {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The address to fund on one network. Needs `request_withdrawal_funding_address`. */
  get(query: QueryOf<typeof endpoint>, options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoint>> {
    return this.#caller.call({ endpoint, given: { query }, options });
  }
}
