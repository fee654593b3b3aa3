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

/** The `data` of a `deposit.*` event. Contract §5. */
export type DepositEventData = z.output<typeof depositEventData>;

/** A payment was seen; it may still fail. */
export const depositDetected = webhookEnvelope('deposit.detected', depositEventData);
/** A payment is final, and the balance credited. */
export const depositConfirmed = webhookEnvelope('deposit.confirmed', depositEventData);
/** A payment was moved on from its deposit address. */
export const depositSwept = webhookEnvelope('deposit.swept', depositEventData);
