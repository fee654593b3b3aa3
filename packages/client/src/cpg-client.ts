import { endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from './call/call-options.ts';
import { Caller } from './call/caller.ts';
import type { ClientContext } from './call/client-context.ts';
import type { CpgCall } from './call/cpg-call.ts';
import { type CpgClientOptions, createContext } from './client-options.ts';
import { Balances } from './resources/balances.ts';
import { Currencies } from './resources/currencies.ts';
import { DepositAddresses } from './resources/deposit-addresses.ts';
import { DepositRequests } from './resources/deposit-requests.ts';
import { HotWallet } from './resources/hot-wallet.ts';
import { Transactions } from './resources/transactions.ts';
import { Withdrawals } from './resources/withdrawals.ts';
import { webhooks } from './webhooks/webhooks.ts';

/**
 * Speaks the CPG payment API: one instance for each key, kept for the life of the program.
 *
 * Every method returns a promise of the answer's envelope; amounts in it are strings (see `toDecimal`). Reads, and calls
 * with an idempotency reference, are retried with a new signature each time. Printing the client shows no secret.
 */
export class CpgClient {
  readonly balances: Balances;
  readonly currencies: Currencies;
  readonly depositAddresses: DepositAddresses;
  readonly depositRequests: DepositRequests;
  readonly hotWallet: HotWallet;
  readonly transactions: Transactions;
  readonly withdrawals: Withdrawals;
  readonly webhooks = webhooks;
  readonly #context: ClientContext;
  readonly #caller: Caller;
  readonly #closing = new AbortController();

  /** @throws CpgError `invalid_configuration` for an option that cannot be used. */
  constructor(options: CpgClientOptions) {
    this.#context = createContext(options, this.#closing.signal);
    const caller = new Caller(this.#context);
    this.#caller = caller;
    this.balances = new Balances(caller);
    this.currencies = new Currencies(caller);
    this.depositAddresses = new DepositAddresses(caller);
    this.depositRequests = new DepositRequests(caller);
    this.hotWallet = new HotWallet(caller);
    this.transactions = new Transactions(caller);
    this.withdrawals = new Withdrawals(caller);
  }

  /** Milliseconds that the gateway's clock is ahead of the local one, as learnt so far. */
  get clockOffsetMs(): number {
    return this.#context.clock.offsetMs;
  }

  /** Whether key, clock and signature are right. Needs no permission. */
  ping(options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoints.ping>> {
    return this.#caller.call({ endpoint: endpoints.ping, given: {}, options });
  }

  /** Ends all calls under way with `client_closed` and closes the connections; agents of your own stay open. */
  close(): void {
    this.#closing.abort();
    this.#context.transport.close();
  }
}
