import { z } from 'zod';
import { withdrawalStatus } from './create-withdrawal.ts';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { decimalString, integerId, requestId, single } from './schemas.ts';

/** A withdrawal and its status. Wire protocol §4.6. */
export const withdrawal = z.looseObject({
  id: integerId,
  currency: z.string(),
  network: z.string(),
  to_address: z.string(),
  amount: decimalString,
  fee: decimalString,
  status: withdrawalStatus,
  tx_hash: z.string().nullable(),
  error_message: z.string().nullable(),
  requested_at: z.string(),
  broadcast_at: z.string().nullable(),
  confirmed_at: z.string().nullable(),
});

/** A withdrawal and its status. Wire protocol §4.6. */
export type Withdrawal = z.output<typeof withdrawal>;

/** `GET /v1/withdrawals/{withdrawal_id}`: one withdrawal of the account. Wire protocol §4.6. */
export const getWithdrawal = defineEndpoint({
  name: 'withdrawals.get',
  summary: 'Get a withdrawal',
  method: 'GET',
  path: '/v1/withdrawals/{withdrawal_id}',
  permission: 'read_withdrawal_status',
  pathParameters: z.object({ withdrawal_id: requestId }),
  query: NO_PARAMETERS,
  body: null,
  rejections: ['not_found'],
  response: single(withdrawal),
});
