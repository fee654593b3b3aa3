import { randomUUID } from 'node:crypto';
import { type BodyOf, endpoints, type ResponseOf } from '@cpg/protocol';
import { fieldsOf } from '../call/build-request.ts';
import type { CallOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { CpgCall } from '../call/cpg-call.ts';

const endpoint = endpoints.createDepositAddress;

/** The answer, and the key that makes the call repeatable. */
export type CreateDepositAddressResult = ResponseOf<typeof endpoint> & {
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
  create(body: BodyOf<typeof endpoint>, options: CallOptions = {}): CpgCall<CreateDepositAddressResult> {
    const { idempotency_key = randomUUID(), ...rest } = fieldsOf(body);
    return this.#caller
      .call({
        endpoint,
        given: { body: idempotency_key === null ? rest : { ...rest, idempotency_key } },
        options,
        idempotencyReference: idempotency_key ?? undefined,
      })
      .map((envelope) => ({ ...envelope, idempotency_key }));
  }
}
