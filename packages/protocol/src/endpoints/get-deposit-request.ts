import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { decimalString, integer, integerId, type OpenEnum, openEnum, requestId, single } from './schemas.ts';

/** The states of a deposit request; an `expired` one is still monitored. Wire protocol §4.3. */
export const DEPOSIT_REQUEST_STATUSES = Object.freeze(['active', 'expired'] as const);

/** The states of a deposit's transaction. Wire protocol §4.3. */
export const DEPOSIT_TRANSACTION_STATUSES = Object.freeze(['detected', 'confirmed', 'failed'] as const);

/** A payment to a deposit address. Wire protocol §4.3. */
export interface DepositTransaction {
  /** The transaction's hash on the network. */
  readonly tx_hash: string;
  /** What arrived, in units of the currency, with its `decimals` places: a decimal string. */
  readonly amount_decimal: string;
  /** Blocks on top of the transaction, its own included; 0 until it is in a block. */
  readonly confirmations: number;
  /** `detected`, then `confirmed` (credited to the balance) or `failed`; later versions may add more. */
  readonly status: OpenEnum<(typeof DEPOSIT_TRANSACTION_STATUSES)[number]>;
  /** The height of its block; `null` until it is in one. */
  readonly block_number: number | null;
  /** When the gateway saw it first: ISO 8601, UTC, whole seconds. */
  readonly detected_at: string;
  /** When it was credited: ISO 8601, UTC, whole seconds; `null` until then. */
  readonly confirmed_at: string | null;
}

/** The schema of a {@link DepositTransaction}. */
export const depositTransaction = typed<DepositTransaction>()(
  z.looseObject({
    tx_hash: z.string(),
    amount_decimal: decimalString,
    confirmations: integer,
    status: openEnum(DEPOSIT_TRANSACTION_STATUSES),
    block_number: z.nullable(integer),
    detected_at: z.string(),
    confirmed_at: z.nullable(z.string()),
  }),
);

/** A deposit request and the payments to it. Wire protocol §4.3. */
export interface DepositRequest {
  /** The `request_id` of the response that created it. */
  readonly request_id: number;
  /** The address that the payer sends to. */
  readonly address: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** As given when it was created; `null` when none was given. */
  readonly user_identifier: string | null;
  /** `active` until `display_expires_at`, then `expired`, and monitored still; later versions may add more. */
  readonly status: OpenEnum<(typeof DEPOSIT_REQUEST_STATUSES)[number]>;
  /** Show the address until then; it is monitored afterwards too. ISO 8601, UTC, whole seconds. */
  readonly display_expires_at: string;
  /** When it was created: ISO 8601, UTC, whole seconds. */
  readonly created_at: string;
  /** The newest 100 payments so far, oldest first; empty when there are none. */
  readonly transactions: DepositTransaction[];
}

/** The schema of a {@link DepositRequest}. */
export const depositRequest = typed<DepositRequest>()(
  z.looseObject({
    request_id: integerId,
    address: z.string(),
    network: z.string(),
    currency: z.string(),
    user_identifier: z.nullable(z.string()),
    status: openEnum(DEPOSIT_REQUEST_STATUSES),
    display_expires_at: z.string(),
    created_at: z.string(),
    transactions: z.array(depositTransaction),
  }),
);

/** `GET /v1/deposit-requests/{request_id}`: one deposit request of the account. Wire protocol §4.3. */
export const getDepositRequest = defineEndpoint({
  name: 'depositRequests.get',
  summary: 'Get a deposit request',
  method: 'GET',
  path: '/v1/deposit-requests/{request_id}',
  permission: 'read_deposit_status',
  pathParameters: typed<{ readonly request_id: string }, { readonly request_id: string | number | bigint }>()(
    z.object({ request_id: requestId }),
  ),
  query: NO_PARAMETERS,
  body: null,
  rejections: ['not_found'],
  response: single(depositRequest),
});
