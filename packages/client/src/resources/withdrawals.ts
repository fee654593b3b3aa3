import { randomUUID } from 'node:crypto';
import { type BodyOf, endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-scope.ts';
import { type Caller, POLL_RULES, type PollOptions } from '../call/caller.ts';
import { fieldsOf } from '../call/codec.ts';
import type { CpgCall } from '../call/cpg-call.ts';

const { createWithdrawal, getWithdrawal } = endpoints;

/** The answer, and the reference that makes the call repeatable. */
export type CreateWithdrawalResult = ResponseOf<typeof createWithdrawal> & {
  /** The one given or made up; `null` when `null` was given. */
  readonly client_reference: string | null;
};

type WithdrawalResult = ResponseOf<typeof getWithdrawal>;

const FINAL: readonly string[] = ['confirmed', 'failed'];

/** Money sent out. Contract §4.6. */
export class Withdrawals {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Creates a withdrawal: amount and fee are held at once. Needs `withdraw`. Without a `client_reference` one is made up,
   * used for every attempt of this call and returned; give your own, stored beforehand, to survive a crash of your
   * process. With `client_reference: null` the call has none and is never retried.
   *
   * @throws OutcomeUnknownError when no usable reply came back: repeat the call with the error's `idempotencyReference`.
   */
  create(body: BodyOf<typeof createWithdrawal>, options: CallOptions = {}): CpgCall<CreateWithdrawalResult> {
    const { client_reference = randomUUID(), ...rest } = fieldsOf(body);
    return this.#caller
      .call({
        endpoint: createWithdrawal,
        given: { body: client_reference === null ? rest : { ...rest, client_reference } },
        options,
        idempotencyReference: client_reference ?? undefined,
      })
      .map((envelope) => ({ ...envelope, client_reference }));
  }

  /** One withdrawal and where it stands. Needs `read_withdrawal_status`. */
  get(withdrawalId: number | string | bigint, options: CallOptions = {}): CpgCall<WithdrawalResult> {
    return this.#caller.call({
      endpoint: getWithdrawal,
      given: { pathParameters: { withdrawal_id: withdrawalId } },
      options,
    });
  }

  /**
   * Waits until a withdrawal is `confirmed` or `failed`, by reading it in growing pauses, up to 15 minutes unless told
   * otherwise. Look at the `status` of what comes back: failing is an end too.
   *
   * @throws CpgError `deadline_exceeded` or `aborted`; the withdrawal goes on and can be waited for again.
   */
  waitUntilFinal(
    withdrawalId: number | string | bigint,
    options: PollOptions = {},
  ): Promise<WithdrawalResult> {
    return this.#caller.poll({
      operation: 'withdrawals.waitUntilFinal',
      options,
      rules: POLL_RULES,
      read: (callOptions) => this.get(withdrawalId, callOptions),
      isFinal: ({ data }) => FINAL.includes(data.status),
    });
  }
}
