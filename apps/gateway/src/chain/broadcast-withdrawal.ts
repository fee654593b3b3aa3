import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import type { WithdrawalRow } from '../ledger/create-withdrawal.ts';
import { recordWithdrawalEvent } from '../ledger/record-withdrawal-event.ts';
import { blockHeight, findNetwork } from './networks.ts';
import { transactionHash } from './transaction-hash.ts';

export interface ChainServices {
  readonly db: Database;
  readonly clock: Clock;
}

/** Accepts a pending withdrawal at once; the next block takes it in. Doing it twice changes nothing. Contract §4.6. */
export const broadcastWithdrawal = ({ db, clock }: ChainServices, id: number): Promise<WithdrawalRow> =>
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
