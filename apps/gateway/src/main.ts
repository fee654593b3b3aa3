import pino from 'pino';
import { readConfig } from './config.ts';
import { demoBanner } from './demo/demo-banner.ts';
import { ignoreClosedPipes } from './ignore-closed-pipes.ts';
import { startGateway } from './start-gateway.ts';

const DRAIN_MS = 10_000;
const STANDARD_ERROR = 2;

const main = async (): Promise<void> => {
  const config = readConfig(process.env);
  // The log goes to standard error; standard output is for the person at the terminal.
  const destination = pino.destination({ fd: STANDARD_ERROR, sync: true });
  // A terminal that went away or a disk that is full must not take the gateway down.
  destination.on('error', () => undefined);
  process.stdout.on('error', () => undefined);
  const logger = pino({ level: config.logLevel }, destination);
  const gateway = await startGateway(config, logger);
  const page = config.sandbox ? `Page ${gateway.url}/\n` : '';
  process.stdout.write(
    `${demoBanner()}${page}Reference ${gateway.url}/docs\nCPG gateway ready on ${gateway.url}\n`,
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
