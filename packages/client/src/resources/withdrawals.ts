import { randomUUID } from 'node:crypto';
import { type BodyOf, endpoints, type ResponseOf } from '@cpg/protocol';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';

/** The answer, and the reference that makes the call repeatable. */
export type CreateWithdrawalResult = ResponseOf<typeof endpoints.createWithdrawal> & {
  /** The one given or made up; `null` when `null` was given. */
  readonly client_reference: string | null;
};

/** Money sent out. Contract §4.6. */
export class Withdrawals {
  readonly #call: Caller;

  constructor(call: Caller) {
    this.#call = call;
  }

  /**
   * Creates a withdrawal: amount and fee are held at once. Needs `withdraw`. Without a `client_reference` one is made up,
   * used for every attempt of this call and returned; give your own, stored beforehand, to survive a crash of your
   * process. With `client_reference: null` the call has none and is never retried.
   *
   * @throws OutcomeUnknownError when the reply was lost: repeat the call with the error's `idempotencyReference`.
   */
  create(
    body: BodyOf<typeof endpoints.createWithdrawal>,
    options: CallOptions = {},
  ): CpgCall<CreateWithdrawalResult> {
    const { client_reference = randomUUID(), ...rest } = body;
    return this.#call({
      endpoint: endpoints.createWithdrawal,
      given: { body: client_reference === null ? rest : { ...rest, client_reference } },
      options,
      idempotencyReference: client_reference ?? undefined,
    }).map((envelope) => ({ ...envelope, client_reference }));
  }

  /** One withdrawal and where it stands. Needs `read_withdrawal_status`. */
  get(
    withdrawalId: number | string | bigint,
    options: CallOptions = {},
  ): CpgCall<ResponseOf<typeof endpoints.getWithdrawal>> {
    return this.#call({
      endpoint: endpoints.getWithdrawal,
      given: { pathParameters: { withdrawal_id: withdrawalId } },
      options,
    });
  }
}
