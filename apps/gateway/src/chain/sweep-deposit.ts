import { sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { ChainTransactionRow } from '../ledger/record-deposit-event.ts';
import type { ChainServices } from './broadcast-withdrawal.ts';
import { blockHeight, findNetwork, type NetworkRow } from './networks.ts';
import { transactionHash } from './transaction-hash.ts';

interface Sweep {
  readonly deposit: ChainTransactionRow;
  readonly network: NetworkRow;
  readonly at: Date;
}

/**
 * Starts to move a confirmed deposit to the account's hot wallet; a token's address gets the coin for the network's fee
 * first. False when there is no such deposit, or it was swept already. Contract §4.5.
 */
export const sweepDeposit = ({ db, clock }: ChainServices, id: number): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
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
    await broadcastSweep(transaction, sweep);
    return true;
  });

const hotWallet = ({ account_id, network }: ChainTransactionRow) =>
  sql<string>`(SELECT address FROM hot_wallet WHERE account_id = ${account_id} AND network = ${network})`;

const GAS = '0.0005';

/** Sends the network's own coin to the deposit's address. Without a coin among the gateway's currencies there is nothing to show. */
const topUpGas = async (transaction: Transaction<Schema>, { deposit, network, at }: Sweep): Promise<void> => {
  const currencies = await transaction
    .selectFrom('currency')
    .select(['currency', 'is_token'])
    .where('network', '=', deposit.network)
    .execute();
  const coin = currencies.find(({ is_token }) => !is_token)?.currency;
  if (coin === undefined || coin === deposit.currency) return;
  await transaction
    .insertInto('chain_transaction')
    .values({
      account_id: deposit.account_id,
      currency: coin,
      network: deposit.network,
      amount: GAS,
      direction: 'gas_topup',
      status: 'broadcasted',
      from_address: hotWallet(deposit),
      to_address: deposit.to_address,
      tx_hash: transactionHash(`gas_topup:${deposit.id}`, network.address_family),
      block_number: blockHeight(network, at.getTime()) + 1,
      created_at: at,
    })
    .execute();
};

const broadcastSweep = async (
  transaction: Transaction<Schema>,
  { deposit, network, at }: Sweep,
): Promise<void> => {
  const { account_id, currency, amount, to_address } = deposit;
  await transaction
    .insertInto('chain_transaction')
    .values({
      ...{ account_id, currency, network: deposit.network, amount },
      direction: 'sweep',
      status: 'broadcasted',
      from_address: to_address,
      to_address: hotWallet(deposit),
      tx_hash: transactionHash(`sweep:${deposit.id}`, network.address_family),
      block_number: blockHeight(network, at.getTime()) + 1,
      created_at: at,
      swept_id: deposit.id,
    })
    .execute();
};
