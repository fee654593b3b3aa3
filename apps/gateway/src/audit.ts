import { Command, CommanderError } from 'commander';
import { parseConfig } from './config.ts';
import { formatStartError } from './database/start-error.ts';
import { auditLedger } from './ledger/audit.ts';
import { ignoreClosedPipes, openPersistentDatabase } from './programs.ts';

const EXIT_ERROR = 2;

/**
 * `npm run gateway:audit` prints one line per invariant. Exit codes: 0 all hold, 1 a violation, 2 an error.
 */
const main = async (): Promise<number> => {
  new Command('gateway:audit').description('Check the ledger invariants').exitOverride().parse();
  const db = await openPersistentDatabase(parseConfig(process.env));
  const results = await auditLedger(db).finally(() => db.destroy());
  for (const { law, violations } of results) {
    process.stdout.write(`${violations.length === 0 ? 'ok    ' : 'BROKEN'}  ${law}\n`);
    for (const violation of violations) process.stdout.write(`        ${violation}\n`);
  }
  return results.every(({ violations }) => violations.length === 0) ? 0 : 1;
};

ignoreClosedPipes();
process.exitCode = await main().catch((error: unknown) => {
  // Commander has already printed the help or the error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_ERROR;
  process.stderr.write(`${formatStartError(error)}\n`);
  return EXIT_ERROR;
});
