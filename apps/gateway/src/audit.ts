import { Command, CommanderError } from 'commander';
import { parseConfig } from './config.ts';
import { formatStartError } from './database/start-error.ts';
import { type AuditProgress, auditLedger } from './ledger/audit.ts';
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

/**
 * `npm run gateway:audit` prints one line per invariant, with the first 20 violations. Exit codes: 0 all hold, 1 a
 * violation, 2 an error.
 */
const main = async (): Promise<number> => {
  new Command('gateway:audit').description('Check the ledger invariants').exitOverride().parse();
  const db = await openPersistentDatabase(parseConfig(process.env));
  const results = await auditLedger(db, { onProgress: createProgress() }).finally(() => db.destroy());
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
