import { type Decimal, toDecimal } from '@cpg/protocol';
import { CompiledQuery, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';

/** An invariant of the ledger, and the rows that violate it. */
export interface AuditResult {
  readonly law: string;
  /** How many rows violate it. */
  readonly count: number;
  /** The first 20 of them. */
  readonly violations: readonly string[];
}

/** How much of a table has been read, in ids. */
export interface AuditProgress {
  readonly table: string;
  readonly done: number;
  readonly total: number;
}

export interface AuditOptions {
  /** Ids in a statement. Its time does not depend on the size of the ledger. @default 20000 */
  readonly rowsAtOnce?: number | undefined;
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined;
}

type LedgerTable = 'ledger_entry' | 'withdrawal' | 'chain_transaction';

/** The violations of a law in a range of ids, `$1` to `$2`, of a table. */
interface RowLaw {
  readonly law: string;
  readonly table: LedgerTable;
  readonly query: string;
}

const BALANCE_LAWS = [
  'a balance is the sum of its ledger entries',
  'what is held is what withdrawals in flight will take',
  'nothing is negative or overspent',
] as const;

const ROW_LAWS: readonly RowLaw[] = [
  {
    law: 'a withdrawal is held once, and then confirmed or released once',
    table: 'withdrawal',
    query: `
      SELECT format('withdrawal %s is %s with entries %s', w.id, w.status, kinds) AS violation
      FROM withdrawal w JOIN LATERAL (
        SELECT COALESCE(string_agg(kind, ', ' ORDER BY kind DESC), '') AS kinds
        FROM ledger_entry e WHERE e.withdrawal_id = w.id
      ) AS entries ON true
      WHERE w.id BETWEEN $1 AND $2 AND kinds <> CASE w.status
        WHEN 'confirmed' THEN 'withdrawal_hold, withdrawal_confirm'
        WHEN 'failed' THEN 'withdrawal_release, withdrawal_hold'
        ELSE 'withdrawal_hold' END`,
  },
  {
    law: 'the entries of a withdrawal move its amount and fee',
    table: 'withdrawal',
    query: `
      SELECT format('entry %s (%s) of withdrawal %s moves %s held %s',
        e.id, e.kind, w.id, e.balance_delta, e.held_delta) AS violation
      FROM ledger_entry e JOIN withdrawal w ON w.id = e.withdrawal_id
      WHERE w.id BETWEEN $1 AND $2 AND (e.balance_delta, e.held_delta) <> CASE e.kind
        WHEN 'withdrawal_hold' THEN (0::numeric, w.amount + w.fee)
        WHEN 'withdrawal_confirm' THEN (-(w.amount + w.fee), -(w.amount + w.fee))
        ELSE (0::numeric, -(w.amount + w.fee)) END`,
  },
  {
    law: 'a deposit is credited once, with its amount, when it is confirmed',
    table: 'chain_transaction',
    query: `
      SELECT format('deposit %s of %s is %s, credited %s', t.id, t.amount, t.status, credited) AS violation
      FROM chain_transaction t JOIN LATERAL (
        SELECT COALESCE(SUM(balance_delta), 0) AS credited FROM ledger_entry e WHERE e.deposit_id = t.id
      ) AS entries ON true
      WHERE t.id BETWEEN $1 AND $2 AND t.direction = 'deposit'
        AND credited <> CASE t.status WHEN 'confirmed' THEN t.amount ELSE 0 END`,
  },
  {
    law: 'a withdrawal and its transaction agree',
    table: 'withdrawal',
    query: `
      SELECT format('withdrawal %s is %s, its transaction %s', w.id, w.status, COALESCE(t.status, 'missing')) AS violation
      FROM withdrawal w LEFT JOIN chain_transaction t ON t.withdrawal_id = w.id
      WHERE w.id BETWEEN $1 AND $2 AND ((w.tx_hash IS NOT NULL AND t.status IS DISTINCT FROM w.status)
        OR (w.status IN ('broadcasted', 'confirmed') AND t.id IS NULL))`,
  },
];

const MAX_LISTED = 20;
const DEFAULT_ROWS_AT_ONCE = 20_000;

/**
 * Checks the ledger invariants in one consistent snapshot, a range of rows at a time: no statement takes longer in a
 * larger ledger. In a sound ledger every list of violations is empty. Keeps one sum for each balance in memory.
 */
export const auditLedger = (
  db: Database,
  { rowsAtOnce = DEFAULT_ROWS_AT_ONCE, onProgress }: AuditOptions = {},
): Promise<AuditResult[]> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const audit = new Audit(transaction, { rowsAtOnce, onProgress });
      await audit.checkBalances();
      for (const table of ['withdrawal', 'chain_transaction'] as const) await audit.checkRows(table);
      return audit.results;
    });

/** A balance with the sums that it should have. */
interface Sums {
  balance: Decimal;
  held: Decimal;
  inFlight: Decimal;
  /** Of deposits that were taken back. */
  reversed: Decimal;
}

interface SumRow {
  readonly account_id: string;
  readonly currency: string;
  readonly network: string;
  readonly balance: string;
  readonly held: string;
  readonly reversed: string;
}

const SUM_ENTRIES = `
  SELECT account_id, currency, network, SUM(balance_delta) AS balance, SUM(held_delta) AS held,
    COALESCE(-SUM(balance_delta) FILTER (WHERE kind = 'deposit_reversal'), 0) AS reversed
  FROM ledger_entry WHERE id BETWEEN $1 AND $2 GROUP BY account_id, currency, network`;
const SUM_IN_FLIGHT = `
  SELECT account_id, currency, network, 0 AS balance, SUM(amount + fee) AS held, 0 AS reversed
  FROM withdrawal WHERE status IN ('pending', 'broadcasted') GROUP BY account_id, currency, network`;
const LIST_BALANCES = `
  SELECT account_id, currency, network, balance, held, reversed FROM balance
  WHERE (account_id, currency, network) > ($1, $2, $3) ORDER BY account_id, currency, network LIMIT $4`;

const PLACES = 18;
const ZERO = toDecimal('0');
const createSums = (): Sums => ({ balance: ZERO, held: ZERO, inFlight: ZERO, reversed: ZERO });

class Audit {
  readonly #transaction: Transaction<Schema>;
  readonly #options: { readonly rowsAtOnce: number; readonly onProgress: AuditOptions['onProgress'] };
  readonly #found = new Map<string, { count: number; readonly violations: string[] }>(
    [...BALANCE_LAWS, ...ROW_LAWS.map(({ law }) => law)].map((law) => [law, { count: 0, violations: [] }]),
  );

  constructor(
    transaction: Transaction<Schema>,
    options: { readonly rowsAtOnce: number; readonly onProgress: AuditOptions['onProgress'] },
  ) {
    this.#transaction = transaction;
    this.#options = options;
  }

  get results(): AuditResult[] {
    return [...this.#found].map(([law, found]) => ({ law, ...found }));
  }

  async checkRows(table: LedgerTable): Promise<void> {
    const laws = ROW_LAWS.filter((law) => law.table === table);
    await this.#eachRange(table, async (range) => {
      for (const { law, query } of laws) {
        const rows = await this.#select<{ violation: string }>(query, range);
        for (const { violation } of rows) this.#report(law, violation);
      }
    });
  }

  async checkBalances(): Promise<void> {
    const sums = await this.#sumEntries();
    let last: readonly string[] = ['', '', ''];
    while (true) {
      const page = await this.#select<SumRow>(LIST_BALANCES, [...last, this.#options.rowsAtOnce]);
      for (const row of page) this.#checkBalance(row, sums.get(getBalanceId(row)));
      const end = page.at(-1);
      if (end === undefined) return;
      last = [end.account_id, end.currency, end.network];
    }
  }

  async #sumEntries(): Promise<ReadonlyMap<string, Sums>> {
    const all = new Map<string, Sums>();
    const getSums = (row: SumRow): Sums => {
      const id = getBalanceId(row);
      const sums = all.get(id) ?? createSums();
      all.set(id, sums);
      return sums;
    };
    await this.#eachRange('ledger_entry', async (range) => {
      for (const row of await this.#select<SumRow>(SUM_ENTRIES, range)) {
        const sums = getSums(row);
        sums.balance = sums.balance.plus(row.balance);
        sums.held = sums.held.plus(row.held);
        sums.reversed = sums.reversed.plus(row.reversed);
      }
    });
    for (const row of await this.#select<SumRow>(SUM_IN_FLIGHT, [])) {
      const sums = getSums(row);
      sums.inFlight = sums.inFlight.plus(row.held);
    }
    return all;
  }

  #checkBalance(row: SumRow, sums = createSums()): void {
    const [isSum, isInFlight, isSound] = BALANCE_LAWS;
    const name = `${row.account_id} ${row.currency}/${row.network}`;
    const balance = toDecimal(row.balance);
    const held = toDecimal(row.held);
    const format = (amount: Decimal) => amount.toFixed(PLACES);
    const isReversed = sums.reversed.equals(row.reversed);
    if (!sums.balance.equals(balance) || !sums.held.equals(held) || !isReversed) {
      const entries = `entries ${format(sums.balance)} held ${format(sums.held)}`;
      this.#report(isSum, `${name}: balance ${row.balance} held ${row.held}, ${entries}`);
    }
    if (!sums.inFlight.equals(held))
      this.#report(isInFlight, `${name}: held ${row.held}, in flight ${format(sums.inFlight)}`);
    if (held.isNegative() || balance.plus(row.reversed).lessThan(held))
      this.#report(isSound, `${name}: balance ${row.balance} held ${row.held}`);
  }

  /** Runs work on ranges of ids that cover a table, first and last included. */
  async #eachRange(
    table: LedgerTable,
    work: (range: readonly [number, number]) => Promise<void>,
  ): Promise<void> {
    const { rowsAtOnce, onProgress } = this.#options;
    const bounds = `SELECT min(id) AS first, max(id) AS last FROM ${table}`;
    const [ids] = await this.#select<{ first: number | null; last: number | null }>(bounds, []);
    if (ids === undefined || ids.first === null || ids.last === null) return;
    const total = ids.last - ids.first + 1;
    for (let first = ids.first; first <= ids.last; first += rowsAtOnce) {
      await work([first, Math.min(first + rowsAtOnce - 1, ids.last)]);
      onProgress?.({ table, done: Math.min(first + rowsAtOnce - ids.first, total), total });
    }
  }

  async #select<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.#transaction.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;
  }

  #report(law: string, violation: string): void {
    const found = this.#found.get(law);
    if (found === undefined) return;
    found.count += 1;
    if (found.violations.length < MAX_LISTED) found.violations.push(violation);
  }
}

const getBalanceId = ({ account_id, currency, network }: SumRow): string =>
  JSON.stringify([account_id, currency, network]);
