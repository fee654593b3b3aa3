import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';

/** An invariant of the ledger, and the rows that violate it. */
export interface AuditResult {
  readonly law: string;
  readonly violations: readonly string[];
}

/** Each query selects the violations of an invariant, one text per row. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'a balance is the sum of its ledger entries': `
    SELECT format('%s %s/%s: balance %s held %s, entries %s held %s',
      account_id, currency, network, balance, held, entries, held_entries) AS violation
    FROM balance JOIN LATERAL (
      SELECT COALESCE(SUM(balance_delta), 0) AS entries, COALESCE(SUM(held_delta), 0) AS held_entries,
        COALESCE(-SUM(balance_delta) FILTER (WHERE kind = 'deposit_reversal'), 0) AS reversals
      FROM ledger_entry e
      WHERE (e.account_id, e.currency, e.network) = (balance.account_id, balance.currency, balance.network)
    ) AS sums ON true
    WHERE balance <> entries OR held <> held_entries OR reversed <> reversals`,

  'what is held is what withdrawals in flight will take': `
    SELECT format('%s %s/%s: held %s, in flight %s', account_id, currency, network, held, in_flight) AS violation
    FROM balance JOIN LATERAL (
      SELECT COALESCE(SUM(amount + fee), 0) AS in_flight FROM withdrawal w
      WHERE (w.account_id, w.currency, w.network) = (balance.account_id, balance.currency, balance.network)
        AND w.status IN ('pending', 'broadcasted')
    ) AS sums ON true
    WHERE held <> in_flight`,

  'nothing is negative or overspent': `
    SELECT format('%s %s/%s: balance %s held %s', account_id, currency, network, balance, held) AS violation
    FROM balance WHERE held < 0 OR balance + reversed < held`,

  'a withdrawal is held once, and then confirmed or released once': `
    SELECT format('withdrawal %s is %s with entries %s', w.id, w.status, kinds) AS violation
    FROM withdrawal w JOIN LATERAL (
      SELECT COALESCE(string_agg(kind, ', ' ORDER BY kind DESC), '') AS kinds FROM ledger_entry e WHERE e.withdrawal_id = w.id
    ) AS entries ON true
    WHERE kinds <> CASE w.status
      WHEN 'confirmed' THEN 'withdrawal_hold, withdrawal_confirm'
      WHEN 'failed' THEN 'withdrawal_release, withdrawal_hold'
      ELSE 'withdrawal_hold' END`,

  'the entries of a withdrawal move its amount and fee': `
    SELECT format('entry %s (%s) of withdrawal %s moves %s held %s',
      e.id, e.kind, w.id, e.balance_delta, e.held_delta) AS violation
    FROM ledger_entry e JOIN withdrawal w ON w.id = e.withdrawal_id
    WHERE (e.balance_delta, e.held_delta) <> CASE e.kind
      WHEN 'withdrawal_hold' THEN (0::numeric, w.amount + w.fee)
      WHEN 'withdrawal_confirm' THEN (-(w.amount + w.fee), -(w.amount + w.fee))
      ELSE (0::numeric, -(w.amount + w.fee)) END`,

  'a deposit is credited once, with its amount, when it is confirmed': `
    SELECT format('deposit %s of %s is %s, credited %s', t.id, t.amount, t.status, credited) AS violation
    FROM chain_transaction t JOIN LATERAL (
      SELECT COALESCE(SUM(balance_delta), 0) AS credited FROM ledger_entry e WHERE e.deposit_id = t.id
    ) AS entries ON true
    WHERE t.direction = 'deposit' AND credited <> CASE t.status WHEN 'confirmed' THEN t.amount ELSE 0 END`,

  'a withdrawal and its transaction agree': `
    SELECT format('withdrawal %s is %s, its transaction %s', w.id, w.status, COALESCE(t.status, 'missing')) AS violation
    FROM withdrawal w LEFT JOIN chain_transaction t ON t.withdrawal_id = w.id
    WHERE (w.tx_hash IS NOT NULL AND t.status IS DISTINCT FROM w.status)
      OR (w.status IN ('broadcasted', 'confirmed') AND t.id IS NULL)`,
};

/**
 * Checks the ledger invariants in one consistent snapshot. In a sound ledger every list of violations is
 * empty.
 */
export const auditLedger = (db: Database): Promise<AuditResult[]> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const results: AuditResult[] = [];
      for (const [law, query] of Object.entries(INVARIANTS)) {
        const { rows } = await sql.raw<{ violation: string }>(query).execute(transaction);
        results.push({ law, violations: rows.map(({ violation }) => violation) });
      }
      return results;
    });
