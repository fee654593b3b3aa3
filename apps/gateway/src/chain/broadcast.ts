import { createHash, randomUUID } from 'node:crypto';
import { type InsertObject, sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import { type AddressFamily, randomAddress } from '../ledger/addresses.ts';
import { type ChainTransactionRow, recordDepositEvent } from '../ledger/deposits.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { blockHeight, findNetwork, type NetworkRow } from '../ledger/networks.ts';
import { recordWithdrawalEvent, type WithdrawalRow } from '../ledger/withdrawals.ts';

/** Accepts a pending withdrawal at once; the next block takes it in. Doing it twice changes nothing. Contract §4.6. */
export const broadcastWithdrawal = ({ db, clock }: LedgerServices, id: number): Promise<WithdrawalRow> =>
  inTransaction(db, async (transaction) => {
    const at = new Date(clock.now());
    const pending = await transaction
      .selectFrom('withdrawal')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (pending.status !== 'pending') return pending;
    const network = await findNetwork(transaction, pending.network);
    if (network === undefined) throw new Error(`Ledger is inconsistent: no network ${pending.network}`);
    const tx_hash = transactionHash(`withdrawal:${id}`, network.address_family);
    const row = await transaction
      .updateTable('withdrawal')
      .set({ status: 'broadcasted', tx_hash, broadcast_at: at, chain_paused: false })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const { account_id, currency, amount, to_address } = row;
    await transaction
      .insertInto('chain_transaction')
      .values({
        ...{ account_id, currency, network: row.network, amount, to_address, tx_hash },
        direction: 'withdrawal',
        status: 'broadcasted',
        from_address: sql<string>`(SELECT address FROM hot_wallet
          WHERE account_id = ${account_id} AND network = ${row.network})`,
        block_number: blockHeight(network, at.getTime()) + 1,
        created_at: at,
        withdrawal_id: id,
      })
      .execute();
    await recordWithdrawalEvent(transaction, row, at);
    return row;
  });

export interface Payment {
  readonly network: string;
  /** A deposit address; what is paid to it counts for the newest request that it was given to. */
  readonly address: string;
  readonly amount: string;
}

/** Lets somebody pay to a deposit address: detected at once, credited when it has its confirmations. Contract §4.3. */
export const receiveDeposit = (
  { db, clock }: LedgerServices,
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
export const sweepDeposit = ({ db, clock }: LedgerServices, id: number): Promise<boolean> =>
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

/** A transaction hash that follows from what it is of, so that a broadcast repeated after a crash finds the same one. */
export const transactionHash = (subject: string, family: AddressFamily): string => {
  const digest = createHash('sha256').update(`cpg-simulated-chain:${subject}`).digest('hex');
  return family === 'ethereum' ? `0x${digest}` : digest;
};
