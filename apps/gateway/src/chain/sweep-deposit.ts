import { sql } from 'kysely';
import type { ChainServices } from './broadcast-withdrawal.ts';
import { blockHeight, findNetwork } from './networks.ts';
import { transactionHash } from './transaction-hash.ts';

/** Starts to move a confirmed deposit to the account's hot wallet. False when there is none, or it was swept already. */
export const sweepDeposit = ({ db, clock }: ChainServices, id: number): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const deposit = await transaction
      .selectFrom('chain_transaction')
      .selectAll()
      .where('id', '=', id)
      .where('direction', '=', 'deposit')
      .where('status', '=', 'confirmed')
      .executeTakeFirst();
    const network = deposit && (await findNetwork(transaction, deposit.network));
    if (deposit === undefined || network === undefined) return false;
    const { account_id, currency, amount, to_address } = deposit;
    const started = await transaction
      .insertInto('chain_transaction')
      .values({
        ...{ account_id, currency, network: deposit.network, amount },
        direction: 'sweep',
        status: 'broadcasted',
        from_address: to_address,
        to_address: sql<string>`(SELECT address FROM hot_wallet
          WHERE account_id = ${account_id} AND network = ${deposit.network})`,
        tx_hash: transactionHash(`sweep:${id}`, network.address_family),
        block_number: blockHeight(network, clock.now()) + 1,
        created_at: new Date(clock.now()),
        swept_id: id,
      })
      .onConflict((conflict) => conflict.column('swept_id').doNothing())
      .executeTakeFirst();
    return started.numInsertedOrUpdatedRows === 1n;
  });
