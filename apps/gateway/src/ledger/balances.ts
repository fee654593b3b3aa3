import { type Balance, toDecimal, upperCaseAscii } from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { LedgerEntryTable, Schema } from '../database/schema.ts';

export interface BalanceFilter {
  readonly currency?: string | undefined;
  readonly network?: string | undefined;
}

/**
 * Lists the balances of an account by currency, then network, at each currency's precision. Wire
 * protocol §4.1.
 */
export const listBalances = async (
  db: Database,
  accountId: string,
  filter: BalanceFilter,
): Promise<Balance[]> => {
  let query = db
    .selectFrom('balance')
    .innerJoin('currency', (join) =>
      join
        .onRef('currency.currency', '=', 'balance.currency')
        .onRef('currency.network', '=', 'balance.network'),
    )
    .select(['balance.currency', 'balance.network', 'balance', 'held', 'decimals'])
    .where('account_id', '=', accountId);
  if (filter.currency !== undefined)
    query = query.where('balance.currency', '=', upperCaseAscii(filter.currency));
  if (filter.network !== undefined)
    query = query.where('balance.network', '=', upperCaseAscii(filter.network));
  const rows = await query.orderBy('balance.currency').orderBy('balance.network').execute();
  return rows.map((row) => {
    const balance = toDecimal(row.balance);
    const held = toDecimal(row.held);
    return {
      currency: row.currency,
      network: row.network,
      balance: balance.toFixed(row.decimals),
      held: held.toFixed(row.decimals),
      available: balance.minus(held).toFixed(row.decimals),
    };
  });
};

export interface LedgerMove {
  readonly account_id: string;
  readonly currency: string;
  readonly network: string;
  readonly kind: Selectable<LedgerEntryTable>['kind'];
  readonly balanceDelta: string;
  readonly heldDelta: string;
  readonly withdrawalId?: number;
  readonly depositId?: number;
  readonly at: Date;
}

/**
 * Changes a balance and appends the matching ledger entry, in the caller's transaction. Returns false and
 * changes nothing when the balance does not exist or `available` would become negative. The condition is part
 * of the UPDATE, so concurrent requests cannot overspend.
 */
export const moveBalance = async (transaction: Transaction<Schema>, move: LedgerMove): Promise<boolean> => {
  const balance = sql<string>`balance + ${move.balanceDelta}::numeric`;
  const held = sql<string>`held + ${move.heldDelta}::numeric`;
  const { numUpdatedRows } = await transaction
    .updateTable('balance')
    .set({ balance, held })
    .where('account_id', '=', move.account_id)
    .where('currency', '=', move.currency)
    .where('network', '=', move.network)
    .where(sql<boolean>`${balance} >= ${held}`)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await transaction
    .insertInto('ledger_entry')
    .values({
      account_id: move.account_id,
      currency: move.currency,
      network: move.network,
      kind: move.kind,
      balance_delta: move.balanceDelta,
      held_delta: move.heldDelta,
      withdrawal_id: move.withdrawalId ?? null,
      deposit_id: move.depositId ?? null,
      created_at: move.at,
    })
    .execute();
  return true;
};
