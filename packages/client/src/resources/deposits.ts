import { randomUUID } from 'node:crypto';
import { type BodyOf, endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-scope.ts';
import { type Caller, POLL_RULES, type PollOptions } from '../call/caller.ts';
import { fieldsOf } from '../call/codec.ts';
import type { CpgCall } from '../call/cpg-call.ts';
import { oneOf } from '../guards.ts';

/** The answer, and the key that makes the call repeatable. */
export type CreateDepositAddressResult = ResponseOf<typeof endpoints.createDepositAddress> & {
  /** The one given or made up; `null` when `null` was given. */
  readonly idempotency_key: string | null;
};

/** Addresses to receive money at. Contract §4.3. */
export class DepositAddresses {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Requests an address; the same `user_identifier` always gets the same one. Needs `request_deposit_address`. Without an
   * `idempotency_key` one is made up, used for every attempt of this call and returned; with `idempotency_key: null` the
   * call has none and is never retried.
   *
   * @throws OutcomeUnknownError when no usable reply came back: repeat the call with the error's `idempotencyReference`.
   */
  create(
    body: BodyOf<typeof endpoints.createDepositAddress>,
    options: CallOptions = {},
  ): CpgCall<CreateDepositAddressResult> {
    const { idempotency_key = randomUUID(), ...rest } = fieldsOf(body);
    return this.#caller
      .call({
        endpoint: endpoints.createDepositAddress,
        given: { body: idempotency_key === null ? rest : { ...rest, idempotency_key } },
        options,
        idempotencyReference: idempotency_key ?? undefined,
      })
      .map((envelope) => ({ ...envelope, idempotency_key }));
  }
}

type DepositRequestResult = ResponseOf<typeof endpoints.getDepositRequest>;

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
    return this.#caller.call({
      endpoint: endpoints.getDepositRequest,
      given: { pathParameters: { request_id: requestId } },
      options,
    });
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
