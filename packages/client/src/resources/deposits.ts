import {
  type CreateDepositAddressBody,
  type DepositAddress,
  type DepositRequest,
  endpoints,
  type SuccessEnvelope,
} from '@cpg/protocol';
import type { CallOptions } from '../call/call-scope.ts';
import { type Caller, POLL_RULES, type PollOptions } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';
import { asFields } from '../call/request.ts';
import { bindMethods, oneOf } from '../guards.ts';

/** The response, and the key that makes the call safe to repeat. */
export interface CreateDepositAddressResult extends SuccessEnvelope<DepositAddress> {
  /** The given or generated key; `null` if `null` was given. */
  readonly idempotency_key: string | null;
}

/** Addresses that receive deposits (wire protocol §4.3). */
export class DepositAddresses {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Requests a deposit address. The same `user_identifier` always gets the same address. Needs
   * `request_deposit_address`. Without an `idempotency_key`, the client generates one, uses it for every
   * attempt and returns it. With `idempotency_key: null`, the call has none and is never retried.
   *
   * @throws OutcomeUnknownError if no usable response was received. Repeat the call with its
   * `idempotencyReference`.
   * @example
   * const { data } = await cpg.depositAddresses.create({
   *   currency: 'USDT',
   *   network: 'ETH',
   *   user_identifier: 'user-7',
   * });
   * console.log(data.address, data.request_id);
   */
  create(body: CreateDepositAddressBody, options: CallOptions = {}): CpgCall<CreateDepositAddressResult> {
    const { idempotency_key = crypto.randomUUID(), ...rest } = asFields(body);
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

export interface WaitForDepositOptions extends PollOptions {
  /**
   * Whether to wait until a payment is detected, or until it is confirmed and credited. @default 'confirmed'
   */
  readonly until?: 'detected' | 'confirmed' | undefined;
}

/** The payments to a deposit address (wire protocol §4.3). */
export class DepositRequests {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Gets a deposit request with its transactions. Needs `read_deposit_status`.
   *
   * @example
   * const { data } = await cpg.depositRequests.get(7);
   * for (const payment of data.transactions) console.log(payment.amount_decimal, payment.status);
   */
  get(
    requestId: number | string | bigint,
    options: CallOptions = {},
  ): CpgCall<SuccessEnvelope<DepositRequest>> {
    return this.#caller.call({
      endpoint: endpoints.getDepositRequest,
      given: { pathParameters: { request_id: requestId } },
      options,
    });
  }

  /**
   * Polls a deposit request until a payment is confirmed, or detected with `until: 'detected'`. Reads at
   * intervals of 1 to 15 s for up to `deadlineMs` (default 15 minutes). A webhook is faster and needs no
   * polling.
   *
   * @throws CpgError `deadline_exceeded` or `aborted`. The request stays open; you may wait for it again.
   * @example
   * const { data } = await cpg.depositRequests.waitForDeposit(7, { until: 'detected' });
   */
  waitForDeposit(
    requestId: number | string | bigint,
    options: WaitForDepositOptions = {},
  ): Promise<SuccessEnvelope<DepositRequest>> {
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
