import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drainUnreadBodies } from '@cpg/server-middleware';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { logFailure } from '../repeat.ts';

export const getAddress = (server: Server): AddressInfo => server.address() as AddressInfo;

export const getUrl = (server: Server): string => {
  const { address, family, port } = getAddress(server);
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

const LIMITS = {
  maxHeaderSize: 16_384,
  // How long a slow or stalled client can hold a socket.
  headersTimeout: 10_000,
  // Node.js looks for such sockets every 30 s by default: the timeouts would come late.
  connectionsCheckingInterval: 500,
  requestTimeout: 30_000,
  // Longer than load balancers keep an idle connection (60 s): a request sent while it is being closed is lost.
  keepAliveTimeout: 75_000,
};

// Shorter than the drain timeout: unread bodies must not delay the shutdown.
const DRAIN_LIMITS = { maxMs: 8_000 };

interface Listening {
  readonly host: string;
  readonly port: number;
  /** The variable that sets the port, for error messages. */
  readonly variable: string;
  readonly logger: Logger;
}

export const listen = (app: Express, { host, port, variable, logger }: Listening): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = drainUnreadBodies(createServer(LIMITS, app), DRAIN_LIMITS);
    const fail = (error: NodeJS.ErrnoException) => {
      const text = `${variable}: cannot listen on ${host}, port ${port}: ${error.code ?? error.message}`;
      reject(new Error(text, { cause: error }));
    };
    server.once('error', fail).listen(port, host, () => {
      // For example too many open files: the connection is lost, but the gateway keeps running.
      server.off('error', fail);
      server.on('error', (error) => logFailure(logger, error, 'connection not accepted'));
      resolve(server);
    });
  });

const OPERATIONS_OFFSET = 1_000;
const MAX_PORT = 65_535;

/** Listens on the configured port, else on the API port + 1000, else on any free port. */
export const listenForOperations = async (
  app: Express,
  { config, logger }: { readonly config: Config; readonly logger: Logger },
  apiPort: number,
): Promise<Server> => {
  const { operationsPort, port } = config;
  const listening = { host: config.operationsHost, variable: 'CPG_OPERATIONS_PORT', logger };
  if (operationsPort !== undefined) return listen(app, { ...listening, port: operationsPort });
  const preferred = apiPort + OPERATIONS_OFFSET;
  if (port === 0 || preferred > MAX_PORT) return listen(app, { ...listening, port: 0 });
  return listen(app, { ...listening, port: preferred }).catch(() => listen(app, { ...listening, port: 0 }));
};
