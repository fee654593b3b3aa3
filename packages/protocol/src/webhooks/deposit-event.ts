import { z } from 'zod';
import { decimalString } from '../schemas/decimal-amount.ts';
import { integerId } from '../schemas/integer-id.ts';
import { webhookEnvelope } from './webhook-envelope.ts';

/** What every `deposit.*` event tells. Contract §5. */
export const depositEventData = z.looseObject({
  deposit_request_id: integerId,
  user_identifier: z.string().nullable(),
  address: z.string(),
  currency: z.string(),
  network: z.string(),
  amount: decimalString,
  tx_hash: z.string(),
  confirmations: z.int(),
  block_number: z.int().nullable(),
});

export type DepositEventData = z.output<typeof depositEventData>;

export const depositDetected = webhookEnvelope('deposit.detected', depositEventData);
export const depositConfirmed = webhookEnvelope('deposit.confirmed', depositEventData);
export const depositSwept = webhookEnvelope('deposit.swept', depositEventData);
