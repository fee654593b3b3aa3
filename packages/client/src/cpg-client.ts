import { endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from './call/call-options.ts';
import type { Caller } from './call/caller.ts';
import type { ClientContext } from './call/client-context.ts';
import { CpgCall } from './call/cpg-call.ts';
import { executeCall } from './call/execute-call.ts';
import { type CpgClientOptions, createContext } from './client-options.ts';
import { Balances } from './resources/balances.ts';
import { Withdrawals } from './resources/withdrawals.ts';

/**
 * Speaks the CPG payment API: one instance for each key, kept for the life of the program.
 *
 * Every method returns a promise of the answer's envelope; amounts in it are strings (see `toDecimal`). Reads, and calls
 * with an idempotency reference, are retried with a new signature each time. Printing the client shows no secret.
 */
export class CpgClient {
  readonly balances: Balances;
  readonly withdrawals: Withdrawals;
  readonly #context: ClientContext;
  readonly #closing = new AbortController();

  /** @throws CpgError `invalid_configuration` for an option that cannot be used. */
  constructor(options: CpgClientOptions) {
    this.#context = createContext(options, this.#closing.signal);
    this.balances = new Balances(this.#call);
    this.withdrawals = new Withdrawals(this.#call);
  }

  /** Milliseconds that the gateway's clock is ahead of the local one, as learnt so far. */
  get clockOffsetMs(): number {
    return this.#context.clock.offsetMs;
  }

  /** Whether key, clock and signature are right. Needs no permission. */
  ping(options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoints.ping>> {
    return this.#call({ endpoint: endpoints.ping, given: {}, options });
  }

  /** Ends all calls under way with `client_closed` and closes the connections; agents of your own stay open. */
  close(): void {
    this.#closing.abort();
    this.#context.transport.close();
  }

  readonly #call: Caller = (call) => new CpgCall(executeCall(this.#context, call));
}
