import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { drainUnreadBodies } from '@cpg/server-middleware';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { StartError } from '../database/start-error.ts';
import { logFailure } from '../repeat.ts';

export const getAddress = (server: Server): AddressInfo => server.address() as AddressInfo;

export const getUrl = (server: Server): string => {
  const { address, family, port } = getAddress(server);
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

const IDLE_CHECK_MS = 100;
const UNUSED_MS = 1_000;

/** The open connections of each server, with the time of `performance.now()` when each was opened. */
const connectionsOf = new WeakMap<Server, Map<Socket, number>>();

const trackConnections = (server: Server): void => {
  const connections = new Map<Socket, number>();
  connectionsOf.set(server, connections);
  server.on('connection', (socket) => {
    connections.set(socket, performance.now());
    socket.once('close', () => connections.delete(socket));
  });
};

/** Browsers and HTTP libraries open connections in advance, which Node.js does not count as idle before their first request. */
const closeUnusedConnections = (server: Server): void => {
  for (const [socket, openedAt] of connectionsOf.get(server) ?? []) {
    if (socket.bytesRead === 0 && performance.now() - openedAt >= UNUSED_MS) socket.destroy();
  }
};

/** Stops accepting connections, and waits for the requests in flight. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    // Also a connection that becomes idle later: it would stay open until the end of keepAliveTimeout.
    const timer = setInterval(() => {
      server.closeIdleConnections();
      closeUnusedConnections(server);
    }, IDLE_CHECK_MS);
    server.close(() => {
      clearInterval(timer);
      resolve();
    });
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
    trackConnections(server);
    const fail = (error: NodeJS.ErrnoException) => {
      const text = `${variable}: cannot listen on ${host}, port ${port}: ${error.code ?? error.message}`;
      reject(new StartError('cannot_listen', text, { cause: error }));
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
