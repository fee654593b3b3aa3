import { type InsertObject, sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import type { ChainTransactionRow } from '../ledger/record-deposit-event.ts';
import type { ChainServices } from './broadcast-withdrawal.ts';
import { blockHeight, findNetwork, type NetworkRow } from './networks.ts';
import { transactionHash } from './transaction-hash.ts';

interface Sweep {
  readonly deposit: ChainTransactionRow;
  readonly network: NetworkRow;
  readonly at: Date;
}

/** What tells one transaction of a sweep from the other. */
type SweepTransaction = Pick<
  InsertObject<Schema, 'chain_transaction'>,
  'currency' | 'amount' | 'from_address' | 'to_address' | 'swept_id'
> & { readonly direction: 'gas_topup' | 'sweep' };

/**
 * Starts to move a confirmed deposit to the account's hot wallet; a token's address gets the coin for the network's fee
 * first. False when there is no such deposit, or it was swept already. Contract §4.5.
 */
export const sweepDeposit = ({ db, clock }: ChainServices, id: number): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const deposit = await transaction
      .selectFrom('chain_transaction')
      .selectAll()
      .where('id', '=', id)
      .where('direction', '=', 'deposit')
      .where('status', '=', 'confirmed')
      // Another sweep of it at the same moment waits here, and then finds this one.
      .forUpdate()
      .executeTakeFirst();
    const network = deposit && (await findNetwork(transaction, deposit.network));
    if (deposit === undefined || network === undefined) return false;
    const earlier = await transaction
      .selectFrom('chain_transaction')
      .select('id')
      .where('swept_id', '=', id)
      .executeTakeFirst();
    if (earlier !== undefined) return false;
    const sweep = { deposit, network, at: new Date(clock.now()) };
    await topUpGas(transaction, sweep);
    await broadcast(transaction, sweep, {
      direction: 'sweep',
      currency: deposit.currency,
      amount: deposit.amount,
      from_address: deposit.to_address,
      to_address: hotWallet(deposit),
      swept_id: id,
    });
    return true;
  });

const hotWallet = ({ account_id, network }: ChainTransactionRow) =>
  sql<string>`(SELECT address FROM hot_wallet WHERE account_id = ${account_id} AND network = ${network})`;

const GAS = '0.0005';

/** Puts a transaction of a sweep into the next block. */
const broadcast = async (
  transaction: Transaction<Schema>,
  { deposit, network, at }: Sweep,
  { direction, ...fields }: SweepTransaction,
): Promise<void> => {
  await transaction
    .insertInto('chain_transaction')
    .values({
      ...fields,
      account_id: deposit.account_id,
      network: deposit.network,
      direction,
      status: 'broadcasted',
      tx_hash: transactionHash(`${direction}:${deposit.id}`, network.address_family),
      block_number: blockHeight(network, at.getTime()) + 1,
      created_at: at,
    })
    .execute();
};

/** Sends the network's own coin to the deposit's address. Without a coin among the gateway's currencies there is nothing to show. */
const topUpGas = async (transaction: Transaction<Schema>, sweep: Sweep): Promise<void> => {
  const { deposit } = sweep;
  const currencies = await transaction
    .selectFrom('currency')
    .select(['currency', 'is_token'])
    .where('network', '=', deposit.network)
    .execute();
  const coin = currencies.find(({ is_token }) => !is_token)?.currency;
  if (coin === undefined || coin === deposit.currency) return;
  await broadcast(transaction, sweep, {
    direction: 'gas_topup',
    currency: coin,
    amount: GAS,
    from_address: hotWallet(deposit),
    to_address: deposit.to_address,
  });
};
