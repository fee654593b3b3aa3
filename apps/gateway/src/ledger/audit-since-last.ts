import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseUnavailableError } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';
import { auditLedger, createSelect, divide, inSnapshot } from './audit.ts';
import {
  type AuditOptions,
  type AuditResult,
  checkBalances,
  checkRows,
  DEFAULT_ROWS_AT_ONCE,
  Findings,
  type LawfulTable,
  ROW_ID,
  readVerified,
  type Select,
  type SumRow,
  SumsByBalance,
  sumEntriesQuery,
} from './audit-laws.ts';

/** The last verified id of each table. */
export type AuditPosition = Readonly<Record<(typeof TABLES)[number], number>>;

export interface AuditSinceLast {
  readonly results: readonly AuditResult[];
  /** Where this audit began, and how far the ledger is verified now. */
  readonly from: AuditPosition;
  readonly to: AuditPosition;
  /** Whether the whole ledger was read, because something was wrong. */
  readonly isFull: boolean;
}

const TABLES = ['ledger_entry', 'withdrawal', 'chain_transaction'] as const;
const ENTRY_COLUMN: Readonly<Record<LawfulTable, string>> = {
  withdrawal: 'withdrawal_id',
  chain_transaction: 'deposit_id',
};

const READ_POSITION = `SELECT ${TABLES.join(', ')} FROM audit_checkpoint`;
const readIds = (aggregate: 'min' | 'max') =>
  `SELECT ${TABLES.map((table) => `(SELECT COALESCE(${aggregate}(id), 0) FROM ${table}) AS ${table}`).join(', ')}`;
const LIST_WRITERS = `
  SELECT virtualtransaction AS id, max(pid) AS pid FROM pg_locks
  WHERE mode = 'RowExclusiveLock' AND relation IN (${TABLES.map((table) => `'${table}'::regclass`).join(', ')})
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  GROUP BY virtualtransaction`;
const STORE_SUMS = `
  INSERT INTO audit_balance AS v (account_id, currency, network, balance, held, reversed, entries, digest)
  ${sumEntriesQuery({ withDigest: true })}
  ON CONFLICT (account_id, currency, network) DO UPDATE SET balance = v.balance + EXCLUDED.balance,
    held = v.held + EXCLUDED.held, reversed = v.reversed + EXCLUDED.reversed,
    entries = v.entries + EXCLUDED.entries, digest = v.digest + EXCLUDED.digest`;
// What may be confirmed later without an entry, which no other law would notice.
const LIST_UNCONFIRMED = `
  SELECT id FROM chain_transaction WHERE status = 'detected' AND direction = 'deposit' AND id BETWEEN $1 AND $2`;
const WAS_UNCONFIRMED = 't.id IN (SELECT unnest(unconfirmed) FROM audit_checkpoint)';
const IN_FLIGHT: Readonly<Record<LawfulTable, string>> = {
  withdrawal: "w.status IN ('pending', 'broadcasted')",
  chain_transaction: "t.status IN ('detected', 'broadcasted')",
};

/** The largest id of each table, below which no running transaction can still add a row. */
const findEnds = async (db: Database): Promise<AuditPosition> => {
  const select = createSelect(db);
  const [ends] = await select<AuditPosition>(readIds('max'), []);
  // Ids are given away before their rows are visible, to transactions that have the lock of the table by then.
  const writers = await select<{ id: string }>(LIST_WRITERS, []);
  const deadline = performance.now() + MAX_WRITE_MS;
  while (writers.length > 0) {
    const running = await select<{ id: string; pid: number }>(LIST_WRITERS, []);
    const left = running.filter(({ id }) => writers.some((writer) => writer.id === id));
    if (left.length === 0) break;
    if (performance.now() > deadline)
      throw new Error(
        `Expected transactions that write to the ledger to end within ${MAX_WRITE_MS / 1000} s: the server process ` +
          `${left[0]?.pid} is still in one. Fix: end it, or audit without --since-last.`,
      );
    await wait(WRITERS_POLL_MS);
  }
  return ends as AuditPosition;
};

// A statement of a gateway takes at most 3 s, and a transaction has few.
const MAX_WRITE_MS = 15_000;
const WRITERS_POLL_MS = 20;

/** A step found a violation: it is rolled back, and everything is read. */
class ViolationFound extends Error {}

/**
 * Checks what has changed since the last such audit, and stores how far the ledger is verified and the sums of each
 * balance. Each range of ids is stored when it is verified: an audit that was interrupted goes on from there. Ledger
 * entries are append-only, so the sums stay valid; every balance, everything in flight, and every row that has new
 * entries is checked. A change of older rows that leaves all of these as they were is found by {@link auditLedger}.
 *
 * With a violation, the stored position stays before it, and the results are those of {@link auditLedger}.
 *
 * @throws Error when a transaction writes to the ledger for longer than 15 s, or another audit does the same.
 */
export const auditSinceLast = async (db: Database, options: AuditOptions = {}): Promise<AuditSinceLast> => {
  const { rowsAtOnce = DEFAULT_ROWS_AT_ONCE, onProgress } = options;
  const select = createSelect(db);
  await select('INSERT INTO audit_checkpoint DEFAULT VALUES ON CONFLICT DO NOTHING', []);
  const [from] = (await select<AuditPosition>(READ_POSITION, [])) as [AuditPosition];
  const ends = await findEnds(db);
  const [starts] = (await select<AuditPosition>(readIds('min'), [])) as [AuditPosition];
  let to = from;
  try {
    for (const table of TABLES) {
      const first = Math.max(from[table] + 1, starts[table]);
      for (const range of divide({ first, last: ends[table] }, rowsAtOnce)) {
        to = await runStep(db, to, async (step) => {
          await verifyRange(step, { table, range, from });
          return { ...to, [table]: range[1] };
        });
        onProgress?.({ table, done: range[1] - first + 1, total: ends[table] - first + 1 });
      }
    }
    const position = to;
    const results = await runStep(db, position, async (step) => {
      await verifyRest(step, { position, rowsAtOnce });
      return position;
    }).then(() => new Findings().results);
    return { results, from, to, isFull: false };
  } catch (error) {
    if (!(error instanceof ViolationFound)) throw error;
    return { results: await auditLedger(db, options), from, to, isFull: true };
  }
};

interface Step {
  readonly select: Select;
  readonly findings: Findings;
}

/** Verifies and stores something in one transaction, or throws. Returns the position after it. */
const runStep = async (
  db: Database,
  before: AuditPosition,
  work: (step: Step) => Promise<AuditPosition>,
): Promise<AuditPosition> => {
  const busy = 'Another audit since the last one is running. Fix: wait for its end.';
  try {
    return await inSnapshot(db, async (select) => {
      const findings = new Findings();
      const [stored] = await select<AuditPosition>(`${READ_POSITION} FOR UPDATE`, []);
      if (TABLES.some((table) => stored?.[table] !== before[table])) throw new Error(busy);
      const after = await work({ select, findings });
      if (!findings.isSound) throw new ViolationFound();
      const columns = TABLES.map((table, index) => `${table} = $${index + 1}`).join(', ');
      await select(
        `UPDATE audit_checkpoint SET ${columns}`,
        TABLES.map((table) => after[table]),
      );
      return after;
    });
  } catch (error) {
    if (error instanceof DatabaseUnavailableError && error.code === '40001')
      throw new Error(busy, { cause: error });
    throw error;
  }
};

interface RangeToVerify {
  readonly table: (typeof TABLES)[number];
  readonly range: readonly [number, number];
  /** Rows after this are verified in ranges of their own. */
  readonly from: AuditPosition;
}

const verifyRange = async (step: Step, { table, range, from }: RangeToVerify): Promise<void> => {
  if (table === 'ledger_entry') {
    await step.select(STORE_SUMS, range);
    await checkRowsOfEntries(step, range, from);
    return;
  }
  await checkRows(step, table, [`${ROW_ID[table]} BETWEEN $1 AND $2`, ...range]);
  if (table === 'chain_transaction')
    await step.select(
      `UPDATE audit_checkpoint SET unconfirmed = unconfirmed || ARRAY(${LIST_UNCONFIRMED})`,
      range,
    );
};

/** Checks the rows up to a position that have an entry in a range. */
const checkRowsOfEntries = async (step: Step, range: readonly [number, number], until: AuditPosition) => {
  for (const table of ['withdrawal', 'chain_transaction'] as const) {
    const entries = `SELECT ${ENTRY_COLUMN[table]} FROM ledger_entry WHERE id BETWEEN $1 AND $2`;
    const condition = `${ROW_ID[table]} IN (${entries}) AND ${ROW_ID[table]} <= $3`;
    await checkRows(step, table, [condition, ...range, until[table]]);
  }
};

/** Checks every balance and what is in flight, together with the rows after the position, in one snapshot. */
const verifyRest = async (
  step: Step,
  { position, rowsAtOnce }: { readonly position: AuditPosition; readonly rowsAtOnce: number },
): Promise<void> => {
  const { select } = step;
  const [last] = (await select<AuditPosition>(readIds('max'), [])) as [AuditPosition];
  const rest = (table: (typeof TABLES)[number]) =>
    divide({ first: position[table] + 1, last: last[table] }, rowsAtOnce);
  const newer = new SumsByBalance();
  for (const range of rest('ledger_entry')) {
    for (const row of await select<SumRow>(sumEntriesQuery({ withDigest: false }), range)) newer.add(row);
    await checkRowsOfEntries(step, range, position);
  }
  for (const table of ['withdrawal', 'chain_transaction'] as const) {
    for (const range of rest(table))
      await checkRows(step, table, [`${ROW_ID[table]} BETWEEN $1 AND $2`, ...range]);
    await checkRows(step, table, [IN_FLIGHT[table]]);
  }
  await checkRows(step, 'chain_transaction', [WAS_UNCONFIRMED]);
  await checkBalances(step, rowsAtOnce, (row) => {
    const before = readVerified(row);
    const after = newer.get(row);
    return {
      all: {
        ...after,
        balance: before.balance.plus(after.balance),
        held: before.held.plus(after.held),
        reversed: before.reversed.plus(after.reversed),
      },
    };
  });
  await select(`UPDATE audit_checkpoint SET verified_at = now(), unconfirmed = ARRAY(${LIST_UNCONFIRMED})`, [
    0,
    position.chain_transaction,
  ]);
};
