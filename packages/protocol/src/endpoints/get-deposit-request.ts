import { z } from 'zod';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { decimalString, integerId, openEnum, requestId, single } from './schemas.ts';

/** The states of a deposit request; an `expired` one is still monitored. Wire protocol §4.3. */
export const DEPOSIT_REQUEST_STATUSES = Object.freeze(['active', 'expired'] as const);

/** The states of a deposit's transaction. Wire protocol §4.3. */
export const DEPOSIT_TRANSACTION_STATUSES = Object.freeze(['detected', 'confirmed', 'failed'] as const);

/** A payment that arrived at the address of a deposit request. Wire protocol §4.3. */
export const depositTransaction = z.looseObject({
  tx_hash: z.string(),
  amount_decimal: decimalString,
  confirmations: z.int(),
  status: openEnum(DEPOSIT_TRANSACTION_STATUSES),
  block_number: z.int().nullable(),
  detected_at: z.string(),
  confirmed_at: z.string().nullable(),
});

/** A payment to a deposit address. Wire protocol §4.3. */
export type DepositTransaction = z.output<typeof depositTransaction>;

/** A deposit request and the payments to it. Wire protocol §4.3. */
export const depositRequest = z.looseObject({
  request_id: integerId,
  address: z.string(),
  network: z.string(),
  currency: z.string(),
  user_identifier: z.string().nullable(),
  status: openEnum(DEPOSIT_REQUEST_STATUSES),
  display_expires_at: z.string(),
  created_at: z.string(),
  transactions: z.array(depositTransaction),
});

/** A deposit request and the payments to it. Wire protocol §4.3. */
export type DepositRequest = z.output<typeof depositRequest>;

/** `GET /v1/deposit-requests/{request_id}`: one deposit request of the account. Wire protocol §4.3. */
export const getDepositRequest = defineEndpoint({
  name: 'depositRequests.get',
  summary: 'Get a deposit request',
  method: 'GET',
  path: '/v1/deposit-requests/{request_id}',
  permission: 'read_deposit_status',
  pathParameters: z.object({ request_id: requestId }),
  query: NO_PARAMETERS,
  body: null,
  rejections: ['not_found'],
  response: single(depositRequest),
});
