import type { Server } from 'node:http';
import { cachedKeys } from '@cpg/server-middleware';
import type { Logger } from 'pino';
import { createSimulatedChain, type SimulatedChain } from './chain/simulated-chain.ts';
import type { Config } from './config.ts';
import { type GatewayMode, serviceMode } from './gateway-mode.ts';
import { createApp, createOperationsApp } from './http/app.ts';
import { createMetrics } from './http/metrics.ts';
import { addressOf, close, listen, listenForOperations, urlOf } from './http/server.ts';
import { createDatabaseKeyStore } from './keys/api-keys.ts';
import { repeat } from './repeat.ts';
import { openAdmission, openServices, type Services } from './services.ts';
import { createClock } from './time.ts';
import { WebhookCourier } from './webhooks/dispatcher.ts';

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
