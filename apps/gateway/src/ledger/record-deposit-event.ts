import { type DepositEventData, toDecimal, type WebhookEventName } from '@cpg/protocol';
import type { Selectable, Transaction } from 'kysely';
import { blockHeight, findNetwork, inclusion } from '../chain/networks.ts';
import type { Schema } from '../database/schema.ts';
import type { ChainTransactionTable } from '../database/tables/chain-transaction-table.ts';
import { recordEvent } from '../webhooks/record-event.ts';
import { currencyDecimals } from './currency-decimals.ts';

export type ChainTransactionRow = Selectable<ChainTransactionTable>;

export interface DepositNews {
  readonly deposit: ChainTransactionRow;
  readonly event: Extract<WebhookEventName, `deposit.${string}`>;
  readonly at: Date;
}

/** Tells the account's webhooks what has happened to a deposit. Contract §5. */
export const recordDepositEvent = async (
  transaction: Transaction<Schema>,
  { deposit, event, at }: DepositNews,
): Promise<void> => {
  const { user_identifier } = await transaction
    .selectFrom('deposit_request')
    .innerJoin('deposit_address', 'deposit_address.id', 'deposit_request.address_id')
    .select('user_identifier')
    .where('deposit_request.id', '=', deposit.deposit_request_id)
    .executeTakeFirstOrThrow();
  const network = await findNetwork(transaction, deposit.network);
  const height = network === undefined ? 0 : blockHeight(network, at.getTime());
  const data: DepositEventData = {
    deposit_request_id: deposit.deposit_request_id as number,
    user_identifier,
    address: deposit.to_address,
    currency: deposit.currency,
    network: deposit.network,
    amount: toDecimal(deposit.amount).toFixed(await currencyDecimals(transaction, deposit)),
    tx_hash: deposit.tx_hash,
    ...inclusion(deposit.block_number, height),
  };
  await recordEvent(transaction, { accountId: deposit.account_id, event, data, at });
};
