import { z } from 'zod';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { decimalString, integerId, openEnum, requestAmount, single, wireText } from './schemas.ts';

/** The states of a withdrawal; `confirmed` and `failed` are final. Wire protocol §4.6. */
export const WITHDRAWAL_STATUSES = Object.freeze(['pending', 'broadcasted', 'confirmed', 'failed'] as const);

/** A state of a withdrawal, or one of a later version. */
export const withdrawalStatus = openEnum(WITHDRAWAL_STATUSES);

/** The withdrawal as created; its amount and fee are held. Wire protocol §4.6. */
export const createdWithdrawal = z.looseObject({
  withdrawal_id: integerId,
  status: withdrawalStatus,
  tx_hash: z.string(),
  network: z.string(),
  currency: z.string(),
  to_address: z.string(),
  amount_decimal: decimalString,
  fee_decimal: decimalString,
});

/** The response data of `withdrawals.create`. Wire protocol §4.6. */
export type CreatedWithdrawal = z.output<typeof createdWithdrawal>;

/** `POST /v1/withdrawals`: holds amount and fee at once, then broadcasts. Wire protocol §4.6. */
export const createWithdrawal = defineEndpoint({
  name: 'withdrawals.create',
  summary: 'Create a withdrawal',
  method: 'POST',
  path: '/v1/withdrawals',
  permission: 'withdraw',
  pathParameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: z.strictObject({
    currency: wireText(1, 32),
    network: wireText(1, 32),
    /**
     * A decimal string. A JSON number of at most 15 significant digits is accepted, as rounded by
     * `JSON.parse`.
     */
    amount: requestAmount,
    to_address: wireText(10, 256),
    /** The idempotency key: a repeat with the same parameters returns the first withdrawal. */
    client_reference: wireText(1, 128).nullish(),
  }),
  rejections: [
    'withdrawals_not_enabled',
    'amount_below_minimum',
    'invalid_destination_address',
    'insufficient_available_balance',
    'client_reference_conflict',
  ],
  response: single(createdWithdrawal),
});
