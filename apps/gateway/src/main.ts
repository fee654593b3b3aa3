import { setDocumentationUrl } from '@cpg/protocol';
import pino from 'pino';
import { type Config, parseConfig } from './config.ts';
import { formatStartError } from './database/start-error.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { findAccountIds } from './ledger/accounts.ts';
import { type LogDestination, openLog } from './log.ts';
import { startWatchdog } from './watchdog.ts';

const DRAIN_MS = 10_000;

const CREATE = 'npm run gateway:keys -- create --account <id> --create-account';

/** How to create the first account, when there is none. */
const getAccountHint = async ({ db }: Gateway, { databaseUrl, dataDir }: Config): Promise<string> => {
  if ((await findAccountIds(db)).length > 0) return '';
  if (databaseUrl !== undefined) return `No account yet. Create an account and its first key: ${CREATE}\n`;
  return dataDir === undefined
    ? `No account yet, and the database is in memory. Set CPG_DATA_DIR or DATABASE_URL, then run: ${CREATE}\nFor demo accounts: npm run sandbox\n`
    : `No account yet. The embedded database serves one process at a time: stop the gateway, then run: ${CREATE}\n`;
};

const BLOCKED = {
  level: 60,
  code: 'embedded_database_blocked',
  msg: 'The embedded database has blocked this process for 20 seconds, and the process ends. Fix: check that the disk of CPG_DATA_DIR has space and start the gateway again, or use PostgreSQL (DATABASE_URL).',
};

// Ends the process even when a line of the log cannot be written.
const exit = async (log: LogDestination, code: number): Promise<void> => {
  await log.flush();
  process.exit(code);
};

const main = async (): Promise<void> => {
  const config = parseConfig(process.env);
  if (config.documentationUrl !== undefined) setDocumentationUrl(config.documentationUrl);
  // Logs go to standard error. Standard output carries the start-up banner.
  const log = openLog();
  const logger = pino({ level: config.logLevel }, log);
  // Imported only on demand: outside the sandbox the process never loads its code or its published keys.
  const sandbox = config.sandbox ? await import('./sandbox/sandbox-mode.ts') : undefined;
  const gateway = await startGateway(config, logger, sandbox?.createSandboxMode(config));
  if (config.databaseUrl === undefined) startWatchdog({ line: BLOCKED });
  const banner = sandbox?.formatBanner(gateway.operationsUrl) ?? (await getAccountHint(gateway, config));
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    const deadline = setTimeout(() => {
      logger.error('requests still in flight after the drain timeout');
      void exit(log, 1);
    }, DRAIN_MS);
    gateway.close().then(
      () => {
        clearTimeout(deadline);
        logger.info('stopped');
        void exit(log, 0);
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'could not stop cleanly');
        void exit(log, 1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Last: a process that says it is ready may be stopped at once.
  process.stdout.write(
    `${banner}Operations ${gateway.operationsUrl}\nReference ${gateway.url}/docs\nCPG gateway ready on ${gateway.url}\n`,
  );
};

// A closed terminal or a full disk must not stop the gateway.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
main().catch((error: unknown) => {
  process.stderr.write(`${formatStartError(error)}\n`);
  process.exit(1);
});
