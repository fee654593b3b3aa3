import type { DepositEventData, WebhookEventName, WithdrawalEventData } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import { recordTestEvent } from './events.ts';

export interface TestEvent {
  readonly endpointId: number;
  readonly event: WebhookEventName;
  readonly at: Date;
}

/** Sends an event about no money to one webhook, signed and retried as any. Returns false when the webhook does not exist. */
export const sendTestEvent = (db: Database, { endpointId, event, at }: TestEvent): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const endpoint = await transaction
      .selectFrom('webhook_endpoint')
      .select('account_id')
      .where('id', '=', endpointId)
      .executeTakeFirst();
    if (endpoint === undefined) return false;
    const sample = { accountId: endpoint.account_id, event, data: createSample(event), at };
    await recordTestEvent(transaction, sample, endpointId);
    return true;
  });

const SAMPLE = {
  currency: 'USDT',
  network: 'ETH',
  amount: '25.000000',
  tx_hash: `0x${'0'.repeat(64)}`,
};

/** Data as an event has it, of money that does not exist. */
const createSample = (event: WebhookEventName): DepositEventData | WithdrawalEventData => {
  const [subject, status] = event.split('.') as [string, WithdrawalEventData['status']];
  return subject === 'deposit'
    ? {
        ...SAMPLE,
        deposit_request_id: 0,
        user_identifier: 'test',
        address: '0x52908400098527886E0F7030069857D2E4169EE7',
        confirmations: event === 'deposit.detected' ? 0 : 12,
        block_number: null,
      }
    : {
        ...SAMPLE,
        withdrawal_id: 0,
        client_reference: 'test',
        to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
        fee: '5.000000',
        status,
        error_message: status === 'failed' ? 'Transaction failed on the network' : null,
      };
};
