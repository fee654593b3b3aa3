import type { WebhookEventName, WithdrawalEventData } from '@cpg/protocol';
import type { Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { recordEvent } from '../webhooks/record-event.ts';
import type { WithdrawalRow } from './create-withdrawal.ts';
import { withdrawalAmounts } from './withdrawal-amounts.ts';

/** Tells the account's webhooks of the state that a withdrawal has just come to. Contract §5. */
export const recordWithdrawalEvent = async (
  transaction: Transaction<Schema>,
  row: WithdrawalRow,
  at: Date,
): Promise<void> => {
  const { amount, fee } = await withdrawalAmounts(transaction, row);
  const data: WithdrawalEventData = {
    withdrawal_id: row.id,
    client_reference: row.client_reference,
    currency: row.currency,
    network: row.network,
    to_address: row.to_address,
    amount,
    fee,
    status: row.status,
    tx_hash: row.tx_hash,
    error_message: row.error_message,
  };
  const event = `withdrawal.${row.status}` as WebhookEventName;
  await recordEvent(transaction, { accountId: row.account_id, event, data, at });
};
