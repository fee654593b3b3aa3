import { Command, CommanderError } from 'commander';
import { readConfig } from './config.ts';
import { auditLedger } from './ledger/audit.ts';
import { ignoreClosedPipes, openKeptDatabase } from './programs.ts';

const COULD_NOT_LOOK = 2;

/** `npm run gateway:audit`: one line a law; exits 0 when all hold, 1 when one does not, 2 when it could not look. */
const main = async (): Promise<number> => {
  new Command('gateway:audit').description('Checks the laws of the ledger').exitOverride().parse();
  const db = await openKeptDatabase(readConfig(process.env));
  const findings = await auditLedger(db).finally(() => db.destroy());
  for (const { law, violations } of findings) {
    process.stdout.write(`${violations.length === 0 ? 'ok    ' : 'BROKEN'}  ${law}\n`);
    for (const violation of violations) process.stdout.write(`        ${violation}\n`);
  }
  return findings.every(({ violations }) => violations.length === 0) ? 0 : 1;
};

ignoreClosedPipes();
process.exitCode = await main().catch((error: unknown) => {
  // Commander has printed its help or what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : COULD_NOT_LOOK;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return COULD_NOT_LOOK;
});
