import { Command, CommanderError } from 'commander';
import { parseConfig } from './config.ts';
import type { Database } from './database/open-database.ts';
import { formatStartError } from './database/start-error.ts';
import { auditLedger } from './ledger/audit.ts';
import type { AuditOptions, AuditProgress, AuditResult } from './ledger/audit-laws.ts';
import { auditSinceLast } from './ledger/audit-since-last.ts';
import { ignoreClosedPipes, openPersistentDatabase } from './programs.ts';

const EXIT_ERROR = 2;
const PROGRESS_MS = 5_000;

/** Prints how far the audit is on standard error, every five seconds. */
const createProgress = () => {
  let printedAt = performance.now();
  return ({ table, done, total }: AuditProgress): void => {
    if (performance.now() - printedAt < PROGRESS_MS) return;
    printedAt = performance.now();
    process.stderr.write(`${table}: ${done} of ${total} ids\n`);
  };
};

const DESCRIPTION = 'Check the ledger invariants: the whole ledger, unless --since-last is given';
const SINCE_LAST =
  'check what is new since the last audit with this option, and store how far the ledger is verified';

const runSinceLast = async (db: Database, options: AuditOptions): Promise<readonly AuditResult[]> => {
  const { results, from, to, isFull } = await auditSinceLast(db, options);
  const rows = (Object.keys(to) as (keyof typeof to)[]).map(
    (table) => `${table} ${from[table]} to ${to[table]}`,
  );
  process.stderr.write(`verified since the last audit, by id: ${rows.join(', ')}\n`);
  if (isFull) process.stderr.write('found a violation: the whole ledger was read\n');
  return results;
};

/**
 * `npm run gateway:audit` prints one line per invariant, with the first 20 violations. Exit codes: 0 all hold, 1 a
 * violation, 2 an error.
 */
const main = async (): Promise<number> => {
  const command = new Command('gateway:audit').description(DESCRIPTION).option('--since-last', SINCE_LAST);
  const { sinceLast = false } = command.exitOverride().parse().opts<{ readonly sinceLast?: boolean }>();
  const db = await openPersistentDatabase(parseConfig(process.env));
  const runAudit = sinceLast ? runSinceLast : auditLedger;
  const results = await runAudit(db, { onProgress: createProgress() }).finally(() => db.destroy());
  for (const { law, count, violations } of results) {
    process.stdout.write(`${count === 0 ? 'ok    ' : 'BROKEN'}  ${law}\n`);
    for (const violation of violations) process.stdout.write(`        ${violation}\n`);
    const others = count - violations.length;
    if (others > 0) process.stdout.write(`        and ${others} more\n`);
  }
  return results.every(({ count }) => count === 0) ? 0 : 1;
};

ignoreClosedPipes();
process.exitCode = await main().catch((error: unknown) => {
  // Commander has already printed the help or the error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_ERROR;
  process.stderr.write(`${formatStartError(error)}\n`);
  return EXIT_ERROR;
});
