import { createHash, randomUUID } from 'node:crypto';
import { type InsertObject, sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import { type AddressFamily, createRandomAddress } from '../ledger/addresses.ts';
import { type ChainTransactionRow, recordDepositEvent } from '../ledger/deposits.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { findNetwork, getBlockHeight, type NetworkRow } from '../ledger/networks.ts';
import { recordWithdrawalEvent, type WithdrawalRow } from '../ledger/withdrawals.ts';

/** Broadcasts a pending withdrawal; the next block includes it. Idempotent. Wire protocol §4.6. */
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
    const tx_hash = createTransactionHash(`withdrawal:${id}`, network.address_family);
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
        block_number: getBlockHeight(network, at.getTime()) + 1,
        created_at: at,
        withdrawal_id: id,
      })
      .execute();
    await recordWithdrawalEvent(transaction, row, at);
    return row;
  });

export interface Payment {
  readonly network: string;
  /** A deposit address. The payment counts for the newest request with this address. */
  readonly address: string;
  readonly amount: string;
}

/**
 * Simulates a payment to a deposit address. The deposit is detected at once, and credited when it has its
 * confirmations. Wire protocol §4.3.
 */
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
        from_address: createRandomAddress(network.address_family),
        to_address: request.address,
        amount: payment.amount,
        tx_hash: createTransactionHash(`deposit:${randomUUID()}`, network.address_family),
        block_number: getBlockHeight(network, at.getTime()) + 1,
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

/** The fields in which a sweep and its gas top-up differ. */
type SweepTransaction = Pick<
  InsertObject<Schema, 'chain_transaction'>,
  'currency' | 'amount' | 'from_address' | 'to_address' | 'swept_id'
> & { readonly direction: 'gas_topup' | 'sweep' };

/**
 * Starts the sweep of a confirmed deposit to the account's hot wallet. The address of a token deposit first
 * receives the network's coin for the fee. Returns false when there is no such deposit, or it was already
 * swept. Wire protocol §4.5.
 */
export const sweepDeposit = ({ db, clock }: LedgerServices, id: number): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const deposit = await transaction
      .selectFrom('chain_transaction')
      .selectAll()
      .where('id', '=', id)
      .where('direction', '=', 'deposit')
      .where('status', '=', 'confirmed')
      // A concurrent sweep of the same deposit waits here, and then finds this one.
      .forUpdate()
      .executeTakeFirst();
    const network = deposit && (await findNetwork(transaction, deposit.network));
    if (deposit === undefined || network === undefined) return false;
    const previous = await transaction
      .selectFrom('chain_transaction')
      .select('id')
      .where('swept_id', '=', id)
      .executeTakeFirst();
    if (previous !== undefined) return false;
    const sweep = { deposit, network, at: new Date(clock.now()) };
    await topUpGas(transaction, sweep);
    await broadcast(transaction, sweep, {
      direction: 'sweep',
      currency: deposit.currency,
      amount: deposit.amount,
      from_address: deposit.to_address,
      to_address: selectHotWallet(deposit),
      swept_id: id,
    });
    return true;
  });

const selectHotWallet = ({ account_id, network }: ChainTransactionRow) =>
  sql<string>`(SELECT address FROM hot_wallet WHERE account_id = ${account_id} AND network = ${network})`;

const GAS = '0.0005';

/** Broadcasts a transaction of a sweep; the next block includes it. */
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
      tx_hash: createTransactionHash(`${direction}:${deposit.id}`, network.address_family),
      block_number: getBlockHeight(network, at.getTime()) + 1,
      created_at: at,
    })
    .execute();
};

/** Sends the network's coin to the deposit address, if the gateway supports that coin. */
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
    from_address: selectHotWallet(deposit),
    to_address: deposit.to_address,
  });
};

/** What the hash of a transaction is the SHA-256 of, before its subject. */
export const HASH_SUBJECT = 'cpg-simulated-chain:';

export const getHashPrefix = (family: AddressFamily): string => (family === 'ethereum' ? '0x' : '');

/** Derives a transaction hash from its subject, so a broadcast repeated after a crash gets the same hash. */
export const createTransactionHash = (subject: string, family: AddressFamily): string =>
  getHashPrefix(family) +
  createHash('sha256')
    .update(HASH_SUBJECT + subject)
    .digest('hex');
