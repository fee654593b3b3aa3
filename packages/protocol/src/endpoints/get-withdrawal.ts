import * as z from 'zod/v4-mini';
import { type WithdrawalStatus, withdrawalStatus } from './create-withdrawal.ts';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { decimalString, integerId, requestId, single } from './schemas.ts';

/** A withdrawal and its status. Wire protocol §4.6. */
export interface Withdrawal {
  /** The `withdrawal_id` of the response that created it. */
  readonly id: number;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** The recipient's address. */
  readonly to_address: string;
  /** What the recipient gets, in units of the currency, with its `decimals` places: a decimal string. */
  readonly amount: string;
  /** Charged on top of `amount`, in the same currency and with the same places: a decimal string. */
  readonly fee: string;
  /** `confirmed` and `failed` are final; later versions may add more. */
  readonly status: WithdrawalStatus;
  /** The transaction's hash on the network; `null` until it is broadcast. */
  readonly tx_hash: string | null;
  /** Why it failed, for people; `null` unless `status` is `failed`. */
  readonly error_message: string | null;
  /** When it was created: ISO 8601, UTC, whole seconds. */
  readonly requested_at: string;
  /** When it was broadcast: ISO 8601, UTC, whole seconds; `null` until then. */
  readonly broadcast_at: string | null;
  /** When it was confirmed: ISO 8601, UTC, whole seconds; `null` until then, and for one that failed. */
  readonly confirmed_at: string | null;
}

/** The schema of a {@link Withdrawal}. */
export const withdrawal = typed<Withdrawal>()(
  z.looseObject({
    id: integerId,
    currency: z.string(),
    network: z.string(),
    to_address: z.string(),
    amount: decimalString,
    fee: decimalString,
    status: withdrawalStatus,
    tx_hash: z.nullable(z.string()),
    error_message: z.nullable(z.string()),
    requested_at: z.string(),
    broadcast_at: z.nullable(z.string()),
    confirmed_at: z.nullable(z.string()),
  }),
);

/** `GET /v1/withdrawals/{withdrawal_id}`: one withdrawal of the account. Wire protocol §4.6. */
export const getWithdrawal = defineEndpoint({
  name: 'withdrawals.get',
  summary: 'Get a withdrawal',
  method: 'GET',
  path: '/v1/withdrawals/{withdrawal_id}',
  permission: 'read_withdrawal_status',
  pathParameters: typed<
    { readonly withdrawal_id: string },
    { readonly withdrawal_id: string | number | bigint }
  >()(z.object({ withdrawal_id: requestId })),
  query: NO_PARAMETERS,
  body: null,
  rejections: ['not_found'],
  response: single(withdrawal),
});
