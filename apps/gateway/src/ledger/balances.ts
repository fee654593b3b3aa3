import { type Balance, upperCaseAscii } from '@cpg/protocol';
import { type Selectable, sql, type Transaction } from 'kysely';
import { type Database, runStatement } from '../database/open-database.ts';
import type { LedgerEntryTable, Schema } from '../database/schema.ts';

export interface BalanceFilter {
  readonly currency?: string | undefined;
  readonly network?: string | undefined;
}

// A constant text, which is neither built nor planned for each request. Amounts have the decimals of their currency.
const LIST_BALANCES = `
  SELECT balance.currency, balance.network, round(balance, decimals)::text AS balance,
    round(held, decimals)::text AS held, round(balance - held, decimals)::text AS available
  FROM balance JOIN currency ON currency.currency = balance.currency AND currency.network = balance.network
  WHERE account_id = $1 AND ($2::text IS NULL OR balance.currency = $2) AND ($3::text IS NULL OR balance.network = $3)
  ORDER BY balance.currency, balance.network`;

/**
 * Lists the balances of an account by currency, then network, at each currency's precision. Wire
 * protocol §4.1.
 */
export const listBalances = async (
  db: Database,
  accountId: string,
  { currency, network }: BalanceFilter,
): Promise<Balance[]> => {
  const filter = [currency, network].map((name) => (name === undefined ? null : upperCaseAscii(name)));
  return runStatement(db, LIST_BALANCES, [accountId, ...filter]);
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
