import {
  type CreatedWithdrawal,
  type CreateWithdrawalBody,
  endpoints,
  type SuccessEnvelope,
  type Withdrawal,
} from '@cpg/protocol';
import type { CallOptions } from '../call/call-scope.ts';
import { type Caller, POLL_RULES, type PollOptions } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';
import { asFields } from '../call/request.ts';
import { bindMethods } from '../guards.ts';

const { createWithdrawal, getWithdrawal } = endpoints;

/** The response, and the reference that makes the call safe to repeat. */
export interface CreateWithdrawalResult extends SuccessEnvelope<CreatedWithdrawal> {
  /** The given or generated reference; `null` if `null` was given. */
  readonly client_reference: string | null;
}

const FINAL: readonly string[] = ['confirmed', 'failed'];

/** Withdrawals from the account (wire protocol §4.6). */
export class Withdrawals {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    bindMethods(this);
  }

  /**
   * Creates a withdrawal. The amount and the fee are held immediately. Needs `withdraw`.
   *
   * Store a `client_reference` of your own before the call, so that you can repeat it after a crash of your
   * process. Without one, the client generates one, uses it for every attempt and returns it. With
   * `client_reference: null`, the call has none and is never retried.
   *
   * @throws OutcomeUnknownError if no usable response was received. Repeat the call with its
   * `idempotencyReference`.
   * @example
   * const { data, client_reference } = await cpg.withdrawals.create({
   *   currency: 'USDT',
   *   network: 'ETH',
   *   to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
   *   amount: '10.5',
   *   client_reference: 'payout-7',
   * });
   */
  create(body: CreateWithdrawalBody, options: CallOptions = {}): CpgCall<CreateWithdrawalResult> {
    const { client_reference = crypto.randomUUID(), ...rest } = asFields(body);
    return this.#caller
      .call({
        endpoint: createWithdrawal,
        given: { body: client_reference === null ? rest : { ...rest, client_reference } },
        options,
        idempotencyReference: client_reference ?? undefined,
      })
      .map((envelope) => ({ ...envelope, client_reference }));
  }

  /**
   * Gets a withdrawal and its status. Needs `read_withdrawal_status`.
   *
   * @example
   * const { data } = await cpg.withdrawals.get(7);
   * console.log(data.status, data.tx_hash);
   */
  get(
    withdrawalId: number | string | bigint,
    options: CallOptions = {},
  ): CpgCall<SuccessEnvelope<Withdrawal>> {
    return this.#caller.call({
      endpoint: getWithdrawal,
      given: { pathParameters: { withdrawal_id: withdrawalId } },
      options,
    });
  }

  /**
   * Polls a withdrawal until its `status` is `confirmed` or `failed`; check which. Reads at intervals of 1 to
   * 15 s for up to `deadlineMs` (default 15 minutes).
   *
   * @throws CpgError `deadline_exceeded` or `aborted`. The withdrawal continues; you may wait for it again.
   * @example
   * const { data } = await cpg.withdrawals.waitUntilFinal(7, { deadlineMs: 3_600_000 });
   * if (data.status === 'failed') console.log(data.error_message);
   */
  waitUntilFinal(
    withdrawalId: number | string | bigint,
    options: PollOptions = {},
  ): Promise<SuccessEnvelope<Withdrawal>> {
    return this.#caller.poll({
      operation: 'withdrawals.waitUntilFinal',
      options,
      rules: POLL_RULES,
      read: (callOptions) => this.get(withdrawalId, callOptions),
      isFinal: ({ data }) => FINAL.includes(data.status),
    });
  }
}
