import { type Decimal, toDecimal } from '@cpg/protocol';

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

export const DEFAULT_ROWS_AT_ONCE = 20_000;

/** Runs a statement in the transaction of the audit. */
export type Select = <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/** A table whose rows have laws of their own. */
export type LawfulTable = 'withdrawal' | 'chain_transaction';

/** The violations of a law among the rows of a table that a condition on its id, {@link ROW_ID}, selects. */
interface RowLaw {
  readonly law: string;
  readonly table: LawfulTable;
  readonly query: (rows: string) => string;
}

export const ROW_ID: Readonly<Record<LawfulTable, string>> = {
  withdrawal: 'w.id',
  chain_transaction: 't.id',
};

const BALANCE_LAWS = [
  'a balance is the sum of its ledger entries',
  'what is held is what withdrawals in flight will take',
  'nothing is negative or overspent',
  'the entries that an audit has verified are unchanged',
] as const;

const ROW_LAWS: readonly RowLaw[] = [
  {
    law: 'a withdrawal is held once, and then confirmed or released once',
    table: 'withdrawal',
    query: (rows) => `
      SELECT format('withdrawal %s is %s with entries %s', w.id, w.status, kinds) AS violation
      FROM withdrawal w JOIN LATERAL (
        SELECT COALESCE(string_agg(kind, ', ' ORDER BY kind DESC), '') AS kinds
        FROM ledger_entry e WHERE e.withdrawal_id = w.id
      ) AS entries ON true
      WHERE ${rows} AND kinds <> CASE w.status
        WHEN 'confirmed' THEN 'withdrawal_hold, withdrawal_confirm'
        WHEN 'failed' THEN 'withdrawal_release, withdrawal_hold'
        ELSE 'withdrawal_hold' END`,
  },
  {
    law: 'the entries of a withdrawal move its amount and fee',
    table: 'withdrawal',
    query: (rows) => `
      SELECT format('entry %s (%s) of withdrawal %s moves %s held %s',
        e.id, e.kind, w.id, e.balance_delta, e.held_delta) AS violation
      FROM ledger_entry e JOIN withdrawal w ON w.id = e.withdrawal_id
      WHERE ${rows} AND (e.balance_delta, e.held_delta) <> CASE e.kind
        WHEN 'withdrawal_hold' THEN (0::numeric, w.amount + w.fee)
        WHEN 'withdrawal_confirm' THEN (-(w.amount + w.fee), -(w.amount + w.fee))
        ELSE (0::numeric, -(w.amount + w.fee)) END`,
  },
  {
    law: 'a deposit is credited once, with its amount, when it is confirmed',
    table: 'chain_transaction',
    query: (rows) => `
      SELECT format('deposit %s of %s is %s, credited %s', t.id, t.amount, t.status, credited) AS violation
      FROM chain_transaction t JOIN LATERAL (
        SELECT COALESCE(SUM(balance_delta), 0) AS credited FROM ledger_entry e WHERE e.deposit_id = t.id
      ) AS entries ON true
      WHERE ${rows} AND t.direction = 'deposit'
        AND credited <> CASE t.status WHEN 'confirmed' THEN t.amount ELSE 0 END`,
  },
  {
    law: 'a withdrawal and its transaction agree',
    table: 'withdrawal',
    query: (rows) => `
      SELECT format('withdrawal %s is %s, its transaction %s', w.id, w.status, COALESCE(t.status, 'missing')) AS violation
      FROM withdrawal w LEFT JOIN chain_transaction t ON t.withdrawal_id = w.id
      WHERE ${rows} AND ((w.tx_hash IS NOT NULL AND t.status IS DISTINCT FROM w.status)
        OR (w.status IN ('broadcasted', 'confirmed') AND t.id IS NULL))`,
  },
];

/** Checks the laws of the rows that a condition with values selects. */
export const checkRows = async (
  { select, findings }: { readonly select: Select; readonly findings: Findings },
  table: LawfulTable,
  [rows, ...values]: readonly [condition: string, ...values: readonly unknown[]],
): Promise<void> => {
  for (const { law, query } of ROW_LAWS.filter((each) => each.table === table)) {
    const found = await select<{ violation: string }>(query(rows), values);
    for (const { violation } of found) findings.report(law, violation);
  }
};

/** What ledger entries add up to. */
export interface Sums {
  balance: Decimal;
  held: Decimal;
  /** Of deposits that were taken back. */
  reversed: Decimal;
  entries: number;
  /** The sum of a hash of each entry. */
  digest: Decimal;
}

export interface SumRow {
  readonly account_id: string;
  readonly currency: string;
  readonly network: string;
  readonly balance: string;
  readonly held: string;
  readonly reversed: string;
  readonly entries: number;
  readonly digest: string;
}

// The epoch as an integer, because texts of times and of floats depend on the session and the version.
const HASH = `hashtextextended(concat_ws('|', id, kind, balance_delta, held_delta, COALESCE(withdrawal_id, 0),
  COALESCE(deposit_id, 0), (extract(epoch FROM created_at) * 1000000)::bigint), 0)`;

/** The sums of the entries `$1` to `$2` of each balance. The digest takes half of the time. */
export const sumEntriesQuery = (options: { readonly withDigest: boolean }): string => `
  SELECT account_id, currency, network, SUM(balance_delta) AS balance, SUM(held_delta) AS held,
    COALESCE(-SUM(balance_delta) FILTER (WHERE kind = 'deposit_reversal'), 0) AS reversed,
    COUNT(*) AS entries, ${options.withDigest ? `SUM(${HASH})` : '0'} AS digest
  FROM ledger_entry WHERE id BETWEEN $1 AND $2 GROUP BY account_id, currency, network`;
const SUM_IN_FLIGHT = `
  SELECT account_id, currency, network, SUM(amount + fee) AS held
  FROM withdrawal WHERE status IN ('pending', 'broadcasted') GROUP BY account_id, currency, network`;
const LIST_BALANCES = `
  SELECT b.account_id, b.currency, b.network, b.balance, b.held, b.reversed,
    v.balance AS verified_balance, v.held AS verified_held, v.reversed AS verified_reversed,
    COALESCE(v.entries, 0) AS entries, COALESCE(v.digest, 0) AS digest
  FROM balance b LEFT JOIN audit_balance v USING (account_id, currency, network)
  WHERE (b.account_id, b.currency, b.network) > ($1, $2, $3)
  ORDER BY b.account_id, b.currency, b.network LIMIT $4`;
const LIST_MISSING = `
  SELECT format('%s %s/%s: its verified entries and the balance are gone', account_id, currency, network) AS violation
  FROM audit_balance v WHERE NOT EXISTS (
    SELECT FROM balance b
    WHERE (b.account_id, b.currency, b.network) = (v.account_id, v.currency, v.network))`;

const PLACES = 18;
const ZERO = toDecimal('0');
const MAX_LISTED = 20;

/** Sums by balance, in memory. */
export class SumsByBalance {
  readonly #sums = new Map<string, Sums>();

  get(row: Pick<SumRow, 'account_id' | 'currency' | 'network'>): Sums {
    const id = JSON.stringify([row.account_id, row.currency, row.network]);
    const sums = this.#sums.get(id) ?? {
      balance: ZERO,
      held: ZERO,
      reversed: ZERO,
      entries: 0,
      digest: ZERO,
    };
    this.#sums.set(id, sums);
    return sums;
  }

  add(row: SumRow): void {
    const sums = this.get(row);
    sums.balance = sums.balance.plus(row.balance);
    sums.held = sums.held.plus(row.held);
    sums.reversed = sums.reversed.plus(row.reversed);
    sums.entries += row.entries;
    sums.digest = sums.digest.plus(row.digest);
  }
}

/** A balance with the sums that the last audit has stored. */
export interface BalanceRow extends SumRow {
  readonly verified_balance: string | null;
  readonly verified_held: string | null;
  readonly verified_reversed: string | null;
}

export interface BalanceSums {
  /** Of all entries. */
  readonly all: Sums;
  /** Of those that an audit has verified before, as they are now; absent when they were not read again. */
  readonly verified?: Sums | undefined;
}

/** Compares every balance with what its entries and withdrawals say. */
export const checkBalances = async (
  { select, findings }: { readonly select: Select; readonly findings: Findings },
  rowsAtOnce: number,
  getSums: (row: BalanceRow) => BalanceSums,
): Promise<void> => {
  const inFlight = new Map<string, string>();
  const getId = (row: Pick<SumRow, 'account_id' | 'currency' | 'network'>) =>
    JSON.stringify([row.account_id, row.currency, row.network]);
  for (const row of await select<SumRow>(SUM_IN_FLIGHT, [])) inFlight.set(getId(row), row.held);
  let last: readonly string[] = ['', '', ''];
  while (true) {
    const page = await select<BalanceRow>(LIST_BALANCES, [...last, rowsAtOnce]);
    for (const row of page)
      findings.checkBalance(row, getSums(row), toDecimal(inFlight.get(getId(row)) ?? '0'));
    const end = page.at(-1);
    if (end === undefined) break;
    last = [end.account_id, end.currency, end.network];
  }
  for (const { violation } of await select<{ violation: string }>(LIST_MISSING, []))
    findings.report(BALANCE_LAWS[3], violation);
};

const format = (amount: Decimal) => amount.toFixed(PLACES);
const formatSums = ({ entries, balance, held }: Pick<Sums, 'entries' | 'balance' | 'held'>) =>
  `${entries} entries ${format(balance)} held ${format(held)}`;

/** The violations of each law. */
export class Findings {
  readonly #found = new Map<string, { count: number; readonly violations: string[] }>(
    [...BALANCE_LAWS, ...ROW_LAWS.map(({ law }) => law)].map((law) => [law, { count: 0, violations: [] }]),
  );

  get results(): AuditResult[] {
    return [...this.#found].map(([law, found]) => ({ law, ...found }));
  }

  get isSound(): boolean {
    return this.results.every(({ count }) => count === 0);
  }

  report(law: string, violation: string): void {
    const found = this.#found.get(law);
    if (found === undefined) return;
    found.count += 1;
    if (found.violations.length < MAX_LISTED) found.violations.push(violation);
  }

  checkBalance(row: BalanceRow, { all, verified }: BalanceSums, inFlight: Decimal): void {
    const [isSum, isInFlight, isSound, isUnchanged] = BALANCE_LAWS;
    const name = `${row.account_id} ${row.currency}/${row.network}`;
    const balance = toDecimal(row.balance);
    const held = toDecimal(row.held);
    if (!all.balance.equals(balance) || !all.held.equals(held) || !all.reversed.equals(row.reversed)) {
      const entries = `entries ${format(all.balance)} held ${format(all.held)}`;
      this.report(isSum, `${name}: balance ${row.balance} held ${row.held}, ${entries}`);
    }
    if (!inFlight.equals(held))
      this.report(isInFlight, `${name}: held ${row.held}, in flight ${format(inFlight)}`);
    if (held.isNegative() || balance.plus(row.reversed).lessThan(held))
      this.report(isSound, `${name}: balance ${row.balance} held ${row.held}`);
    if (verified === undefined) return;
    const before = readVerified(row);
    const isSame =
      verified.entries === before.entries &&
      (['balance', 'held', 'reversed', 'digest'] as const).every((sum) => verified[sum].equals(before[sum]));
    if (isSame) return;
    const isChangedInside = formatSums(verified) === formatSums(before);
    const now = isChangedInside ? 'the same sums with another digest' : formatSums(verified);
    this.report(isUnchanged, `${name}: verified ${formatSums(before)}, now ${now}`);
  }
}

/** What the last audit has stored of a balance. */
export const readVerified = (row: BalanceRow): Sums => ({
  balance: toDecimal(row.verified_balance ?? '0'),
  held: toDecimal(row.verified_held ?? '0'),
  reversed: toDecimal(row.verified_reversed ?? '0'),
  entries: row.entries,
  digest: toDecimal(row.digest),
});
