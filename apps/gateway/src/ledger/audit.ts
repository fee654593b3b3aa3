import { CompiledQuery, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { retryConflicts } from '../database/transactions.ts';
import {
  type AuditOptions,
  type AuditResult,
  checkBalances,
  checkRows,
  DEFAULT_ROWS_AT_ONCE,
  Findings,
  type LawfulTable,
  ROW_ID,
  type Select,
  type SumRow,
  SumsByBalance,
  sumEntriesQuery,
} from './audit-laws.ts';

/** Runs work in one consistent snapshot; again after a conflict, or when a pooler passes no prepared statements. */
export const inSnapshot = <Result>(
  db: Database,
  work: (select: Select) => Promise<Result>,
): Promise<Result> =>
  retryConflicts(() =>
    db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((transaction) => work(createSelect(transaction))),
  );

/** Runs statements of the audit. */
export const createSelect =
  (db: Database | Transaction<Schema>): Select =>
  async <Row>(text: string, values: readonly unknown[]) =>
    (await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;

type Range = readonly [first: number, last: number];

/** The ranges of ids that cover `first` to `last`; none of them goes over `split`. */
export const divide = (
  { first, last, split = 0 }: { readonly first: number; readonly last: number; readonly split?: number },
  rowsAtOnce: number,
): readonly Range[] => {
  const ranges: Range[] = [];
  for (let start = first; start <= last; ) {
    const end = Math.min(start + rowsAtOnce - 1, last);
    ranges.push([start, start <= split ? Math.min(end, split) : end]);
    start = (ranges.at(-1) as Range)[1] + 1;
  }
  return ranges;
};

/**
 * Checks the ledger invariants in one consistent snapshot, a range of rows at a time: no statement takes longer in a
 * larger ledger. In a sound ledger every list of violations is empty. Keeps one sum for each balance in memory, and
 * compares those that `auditSinceLast` has stored. Writes nothing.
 */
export const auditLedger = (db: Database, options: AuditOptions = {}): Promise<AuditResult[]> =>
  inSnapshot(db, async (select) => {
    const { rowsAtOnce = DEFAULT_ROWS_AT_ONCE, onProgress } = options;
    const findings = new Findings();
    const [checkpoint] = await select<{ last: number }>(
      'SELECT ledger_entry AS last FROM audit_checkpoint',
      [],
    );
    const split = checkpoint?.last ?? 0;

    const eachRange = async (
      table: LawfulTable | 'ledger_entry',
      work: (range: Range) => Promise<void>,
    ): Promise<void> => {
      const bounds = `SELECT min(id) AS first, max(id) AS last FROM ${table}`;
      const [ids] = await select<{ first: number | null; last: number | null }>(bounds, []);
      if (ids === undefined || ids.first === null || ids.last === null) return;
      const total = ids.last - ids.first + 1;
      const around = { first: ids.first, last: ids.last, ...(table === 'ledger_entry' && { split }) };
      for (const range of divide(around, rowsAtOnce)) {
        await work(range);
        onProgress?.({ table, done: range[1] - ids.first + 1, total });
      }
    };

    const all = new SumsByBalance();
    const verified = new SumsByBalance();
    await eachRange('ledger_entry', async (range) => {
      const withDigest = range[1] <= split;
      for (const row of await select<SumRow>(sumEntriesQuery({ withDigest }), range)) {
        all.add(row);
        if (withDigest) verified.add(row);
      }
    });
    await checkBalances({ select, findings }, rowsAtOnce, (row) => ({
      all: all.get(row),
      verified: verified.get(row),
    }));
    for (const table of ['withdrawal', 'chain_transaction'] as const) {
      const condition = `${ROW_ID[table]} BETWEEN $1 AND $2`;
      await eachRange(table, (range) => checkRows({ select, findings }, table, [condition, ...range]));
    }
    return findings.results;
  });
