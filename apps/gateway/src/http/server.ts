import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drainUnreadBodies } from '@cpg/server-middleware';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { logFailure } from '../repeat.ts';

export const addressOf = (server: Server): AddressInfo => server.address() as AddressInfo;

export const urlOf = (server: Server): string => {
  const { address, family, port } = addressOf(server);
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

export const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

// A client that is slow with its headers, or never ends its request, holds a socket for this long at most.
const LIMITS = { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000 };

// A body that is still arriving after its response must not outlast the time to drain.
const DRAIN_LIMITS = { maxMs: 5_000 };

interface Listening {
  readonly host: string;
  readonly port: number;
  /** Sets the port; named when it cannot be listened on. */
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
      // Such as no more file descriptors: the connection is lost, not the gateway.
      server.off('error', fail);
      server.on('error', (error) => logFailure(logger, error, 'a connection could not be accepted'));
      resolve(server);
    });
  });

const OPERATIONS_OFFSET = 1_000;
const MAX_PORT = 65_535;

/** Without a port of its own in the configuration it takes the API's + 1000, or, when that is taken, any free one. */
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
