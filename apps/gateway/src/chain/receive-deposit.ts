import { randomUUID } from 'node:crypto';
import { inTransaction } from '../database/transactions.ts';
import { type ChainTransactionRow, recordDepositEvent } from '../ledger/record-deposit-event.ts';
import type { ChainServices } from './broadcast-withdrawal.ts';
import { blockHeight, findNetwork } from './networks.ts';
import { randomAddress } from './random-address.ts';
import { transactionHash } from './transaction-hash.ts';

export interface Payment {
  readonly network: string;
  /** A deposit address; what is paid to it counts for the newest request that it was given to. */
  readonly address: string;
  readonly amount: string;
}

/** Lets somebody pay to a deposit address: detected at once, credited when it has its confirmations. Contract §4.3. */
export const receiveDeposit = (
  { db, clock }: ChainServices,
  payment: Payment,
): Promise<ChainTransactionRow | undefined> =>
  inTransaction(db, async (transaction) => {
    const at = new Date(clock.now());
    const request = await transaction
      .selectFrom('deposit_request')
      .innerJoin('deposit_address', 'deposit_address.id', 'deposit_request.address_id')
      .select(['deposit_request.id', 'deposit_request.account_id', 'currency', 'network', 'address'])
      .where('network', '=', payment.network)
      .where('address', '=', payment.address)
      .orderBy('deposit_request.id', 'desc')
      .executeTakeFirst();
    const network = await findNetwork(transaction, payment.network);
    if (request === undefined || network === undefined) return undefined;
    const deposit = await transaction
      .insertInto('chain_transaction')
      .values({
        account_id: request.account_id,
        direction: 'deposit',
        status: 'detected',
        currency: request.currency,
        network: request.network,
        from_address: randomAddress(network.address_family),
        to_address: request.address,
        amount: payment.amount,
        tx_hash: transactionHash(`deposit:${randomUUID()}`, network.address_family),
        block_number: blockHeight(network, at.getTime()) + 1,
        created_at: at,
        deposit_request_id: request.id,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordDepositEvent(transaction, { deposit, event: 'deposit.detected', at });
    return deposit;
  });
