import pino from 'pino';
import { type Config, readConfig } from './config.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { findAccountIds } from './ledger/accounts.ts';
import { ignoreClosedPipes } from './programs.ts';

const DRAIN_MS = 10_000;
const STANDARD_ERROR = 2;

const CREATE = 'npm run gateway:keys -- create --account <id> --create-account';

/** What to do about a gateway that has no account yet, and so cannot be used. */
const accountHint = async ({ db }: Gateway, { databaseUrl, dataDir }: Config): Promise<string> => {
  if ((await findAccountIds(db)).length > 0) return '';
  if (databaseUrl !== undefined) return `No account yet. Create one and its key with: ${CREATE}\n`;
  return dataDir === undefined
    ? `No account, and a database in memory only: set CPG_DATA_DIR or DATABASE_URL and run: ${CREATE}\nFor demo accounts: npm run sandbox\n`
    : `No account yet. Stop the gateway, as its database serves one process at a time, and run: ${CREATE}\n`;
};

const main = async (): Promise<void> => {
  const config = readConfig(process.env);
  // The log goes to standard error; standard output is for the person at the terminal.
  const destination = pino.destination({ fd: STANDARD_ERROR, sync: true });
  // A terminal that went away or a disk that is full must not take the gateway down.
  destination.on('error', () => undefined);
  process.stdout.on('error', () => undefined);
  const logger = pino({ level: config.logLevel }, destination);
  // Loaded for the sandbox only: nothing that serves others holds its code or its published keys.
  const sandbox = config.sandbox ? await import('./sandbox/sandbox-mode.ts') : undefined;
  const gateway = await startGateway(config, logger, sandbox?.createSandboxMode(config));
  const banner = sandbox?.sandboxBanner(gateway.operationsUrl) ?? (await accountHint(gateway, config));
  process.stdout.write(
    `${banner}Operations ${gateway.operationsUrl}\nReference ${gateway.url}/docs\nCPG gateway ready on ${gateway.url}\n`,
  );
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    const deadline = setTimeout(() => {
      logger.error('requests were still under way after the drain time');
      process.exit(1);
    }, DRAIN_MS);
    gateway.close().then(
      () => {
        clearTimeout(deadline);
        logger.info('stopped');
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};

ignoreClosedPipes();
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
