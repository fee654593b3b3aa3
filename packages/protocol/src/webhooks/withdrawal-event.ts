import { z } from 'zod';
import { withdrawalStatus } from '../endpoints/create-withdrawal.ts';
import { decimalString } from '../schemas/decimal-amount.ts';
import { integerId } from '../schemas/integer-id.ts';
import { webhookEnvelope } from './webhook-envelope.ts';

/** What every `withdrawal.*` event tells. Contract §5. */
export const withdrawalEventData = z.looseObject({
  withdrawal_id: integerId,
  client_reference: z.string().nullable(),
  currency: z.string(),
  network: z.string(),
  to_address: z.string(),
  amount: decimalString,
  fee: decimalString,
  status: withdrawalStatus,
  tx_hash: z.string().nullable(),
  error_message: z.string().nullable(),
});

/** The `data` of a `withdrawal.*` event. Contract §5. */
export type WithdrawalEventData = z.output<typeof withdrawalEventData>;

/** The chain took the withdrawal. */
export const withdrawalBroadcasted = webhookEnvelope('withdrawal.broadcasted', withdrawalEventData);
/** The withdrawal is final, and the balance debited. */
export const withdrawalConfirmed = webhookEnvelope('withdrawal.confirmed', withdrawalEventData);
/** The withdrawal is final, and its hold released. */
export const withdrawalFailed = webhookEnvelope('withdrawal.failed', withdrawalEventData);
