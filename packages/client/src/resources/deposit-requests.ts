import { endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';
import { POLL_RULES, type PollOptions } from '../call/poll.ts';
import { oneOf } from '../options.ts';

const endpoint = endpoints.getDepositRequest;

type DepositRequestResult = ResponseOf<typeof endpoint>;

export interface WaitForDepositOptions extends PollOptions {
  /** Whether a payment counts once it is seen, or only once it is confirmed and credited. @default 'confirmed' */
  readonly until?: 'detected' | 'confirmed' | undefined;
}

/** What has been paid to an address. Contract §4.3. */
export class DepositRequests {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** One deposit request with its transactions. Needs `read_deposit_status`. */
  get(requestId: number | string | bigint, options: CallOptions = {}): CpgCall<DepositRequestResult> {
    return this.#caller.call({ endpoint, given: { pathParameters: { request_id: requestId } }, options });
  }

  /**
   * Waits until a payment to this request is confirmed (or only detected), by reading it in growing pauses, up to 15
   * minutes unless told otherwise. A webhook tells sooner and costs no requests.
   *
   * @throws CpgError `deadline_exceeded` or `aborted`; the request stays open and can be waited for again.
   */
  waitForDeposit(
    requestId: number | string | bigint,
    options: WaitForDepositOptions = {},
  ): Promise<DepositRequestResult> {
    const enough: readonly string[] =
      options?.until === 'detected' ? ['detected', 'confirmed'] : ['confirmed'];
    return this.#caller.poll({
      operation: 'depositRequests.waitForDeposit',
      options,
      rules: { ...POLL_RULES, until: oneOf('detected', 'confirmed') },
      read: (callOptions) => this.get(requestId, callOptions),
      isFinal: ({ data }) => data.transactions.some(({ status }) => enough.includes(status)),
    });
  }
}
