import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cachedKeys, drainUnreadBodies } from '@cpg/server-middleware';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { createSimulatedChain, type SimulatedChain } from './chain/simulated-chain.ts';
import { createClock } from './clock.ts';
import type { Config } from './config.ts';
import { type AppServices, createApp, createOperationsApp } from './create-app.ts';
import { type GatewayMode, serviceMode } from './gateway-mode.ts';
import { createDatabaseKeyStore } from './keys/database-key-store.ts';
import { openAdmission } from './open-admission.ts';
import { createMetrics } from './operations/metrics.ts';
import { logFailure, repeat } from './repeat.ts';
import { openServices, type Services } from './services.ts';
import { WebhookCourier } from './webhooks/webhook-courier.ts';

export interface Gateway extends Services {
  /** Where the API is served. */
  readonly url: string;
  /** Where health, metrics and, in the sandbox, its API and page are served. */
  readonly operationsUrl: string;
  readonly chain: SimulatedChain;
  /** Ends what goes on without requests: the chain and the deliveries. */
  stopLoops(): Promise<void>;
  /** Stops taking connections, finishes what is under way, then closes the stores. */
  close(): Promise<void>;
}

const INTERVAL_MS = 200;
// A revocation must be seen soon; that much a cached key may outlive it.
const KEY_TTL_MS = 2_000;

/** Opens the stores, serves, and keeps chain and webhooks going; in service, unless another mode is given. */
export const startGateway = async (
  config: Config,
  logger: Logger,
  mode: GatewayMode = serviceMode(config),
): Promise<Gateway> => {
  const clock = createClock();
  const services = await openServices(config, clock, mode.prepare);
  const admission = await openAdmission(config, clock, logger);
  const chain = createSimulatedChain(services);
  const servers: Server[] = [];
  const apiUrl = () => (servers[0] === undefined ? '' : urlOf(servers[0]));
  const parts = { ...services, chain, admission, logger, apiUrl };
  let isDraining = false;
  const stored = createDatabaseKeyStore(services);
  const appServices = {
    ...parts,
    config,
    keys: cachedKeys(mode.selectKeys?.(stored) ?? stored, { ttlMs: KEY_TTL_MS, missTtlMs: 100 }),
    metrics: createMetrics(services.db),
    extension: mode.extend?.(parts),
    isDraining: () => isDraining,
  };
  const closeStores = async () => {
    await admission.close();
    await services.db.destroy();
  };
  try {
    const server = await listen(createApp(appServices), { ...config, variable: 'PORT', logger });
    servers.push(server);
    servers.push(
      await listenForOperations(createOperationsApp(appServices), appServices, addressOf(server).port),
    );
  } catch (error) {
    await Promise.all(servers.map(close));
    await closeStores();
    throw error;
  }
  const courier = new WebhookCourier(services, logger);
  const stops = [
    repeat(() => chain.advance(), { name: 'the simulated chain', intervalMs: INTERVAL_MS, logger }),
    repeat(() => courier.setOut(), { name: 'webhook delivery', intervalMs: INTERVAL_MS, logger }),
  ];
  const stopLoops = async () => {
    await Promise.all(stops.map((stop) => stop()));
    await courier.comeBack();
  };
  const [url = '', operationsUrl = ''] = servers.map(urlOf);
  return {
    ...services,
    url,
    operationsUrl,
    chain,
    stopLoops,
    close: async () => {
      isDraining = true;
      await Promise.all(servers.map(close));
      await stopLoops();
      await closeStores();
    },
  };
};

const addressOf = (server: Server): AddressInfo => server.address() as AddressInfo;

const urlOf = (server: Server): string => {
  const { address, family, port } = addressOf(server);
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

const close = (server: Server): Promise<void> =>
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

const listen = (app: Express, { host, port, variable, logger }: Listening): Promise<Server> =>
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
const listenForOperations = async (
  app: Express,
  { config, logger }: Pick<AppServices, 'config' | 'logger'>,
  apiPort: number,
): Promise<Server> => {
  const { operationsPort, port } = config;
  const listening = { host: config.operationsHost, variable: 'CPG_OPERATIONS_PORT', logger };
  if (operationsPort !== undefined) return listen(app, { ...listening, port: operationsPort });
  const preferred = apiPort + OPERATIONS_OFFSET;
  if (port === 0 || preferred > MAX_PORT) return listen(app, { ...listening, port: 0 });
  return listen(app, { ...listening, port: preferred }).catch(() => listen(app, { ...listening, port: 0 }));
};
