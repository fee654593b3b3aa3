import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { cachedKeys } from '@cpg/server-middleware';
import type { Logger } from 'pino';
import { createSimulatedChain, type SimulatedChain } from './chain/simulated-chain.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database/open-database.ts';
import { createServiceMode, type GatewayMode } from './gateway-mode.ts';
import { createApp, createOperationsApp } from './http/app.ts';
import { createMetrics } from './http/metrics.ts';
import { closeServer, getAddress, getUrl, listen, listenForOperations } from './http/server.ts';
import { createDatabaseKeyStore } from './keys/api-keys.ts';
import { reencryptInBackground } from './keys/sealed-secrets.ts';
import { repeat } from './repeat.ts';
import { openAdmission, openServices, type Services } from './services.ts';
import { createClock, watchClock } from './time.ts';
import { bringBackFromFuture } from './webhooks/attempts.ts';
import { WebhookDispatcher } from './webhooks/dispatcher.ts';
import { createResolver } from './webhooks/resolver.ts';
import { deleteOldEvents } from './webhooks/retention.ts';

export interface Gateway extends Services {
  /** URL of the API. */
  readonly url: string;
  /** URL of the operations port: health, metrics and, in the sandbox, its controls and console. */
  readonly operationsUrl: string;
  readonly chain: SimulatedChain;
  /** Stops the background tasks: the simulated chain and the webhook deliveries. */
  stopLoops(): Promise<void>;
  /** Stops accepting connections, finishes the requests and deliveries in flight, then closes the stores. */
  close(): Promise<void>;
}

const INTERVAL_MS = 200;
// Without work of its own, a process looks for what others have left: fewer than three statements a second.
const IDLE_SETTLEMENT_MS = 600;
const IDLE_DELIVERY_MS = 1_000;
const RETRY_INTERVAL_MS = 1_000;
const REENCRYPTION_INTERVAL_MS = 60_000;
const RETENTION_INTERVAL_MS = 60_000;
const DAY_MS = 86_400_000;
const WEBHOOK_CONNECTIONS = 4;
// Shorter than the drain timeout of the process: a receiver that does not respond must not delay the shutdown.
const DELIVERY_DRAIN_MS = 5_000;
// With the second that the key store takes to see a change: how long a key may outlive its revocation.
const KEY_TTL_MS = 1_000;

/** Opens the stores, listens on both ports, and starts the background tasks. */
export const startGateway = async (
  config: Config,
  logger: Logger,
  mode: GatewayMode = createServiceMode(config),
): Promise<Gateway> => {
  const clock = createClock();
  const services = await openServices(config, clock, mode.prepare);
  const admission = await openAdmission(config, clock, logger);
  const chain = createSimulatedChain(services, logger);
  const servers: Server[] = [];
  const apiUrl = () => (servers[0] === undefined ? '' : getUrl(servers[0]));
  const parts = { ...services, chain, admission, logger, apiUrl };
  let isDraining = false;
  const stored = createDatabaseKeyStore(services);
  const keys = cachedKeys(mode.selectKeys?.(stored) ?? stored, { ttlMs: KEY_TTL_MS, missTtlMs: 100 });
  // Deliveries have connections of their own: many that end at once delay no request.
  const webhookDb =
    config.databaseUrl === undefined
      ? services.db
      : await openDatabase(config, { maxConnections: WEBHOOK_CONNECTIONS });
  const metrics = createMetrics({ ...services, pools: { api: services.db, webhooks: webhookDb } }, keys);
  const appServices = {
    ...parts,
    config,
    keys,
    metrics,
    extension: mode.extend?.(parts),
    isDraining: () => isDraining,
  };
  const closeStores = async () => {
    metrics.stop();
    await admission.close();
    await services.db.destroy();
    if (webhookDb !== services.db) await webhookDb.destroy();
  };
  try {
    const server = await listen(createApp(appServices), { ...config, variable: 'PORT', logger });
    servers.push(server);
    servers.push(
      await listenForOperations(createOperationsApp(appServices), appServices, getAddress(server).port),
    );
  } catch (error) {
    await Promise.all(servers.map(closeServer));
    await closeStores();
    throw error;
  }
  const resolve = createResolver({ servers: config.webhookDnsServers });
  const dispatcher = new WebhookDispatcher({ ...services, db: webhookDb, resolve }, logger);
  const deliveries = repeat(async () => ((await dispatcher.dispatchDue()) ? INTERVAL_MS : IDLE_DELIVERY_MS), {
    name: 'webhook delivery',
    intervalMs: INTERVAL_MS,
    maxIntervalMs: IDLE_DELIVERY_MS,
    logger,
  });
  const settlement = repeat(
    async (signal) => {
      await chain.advance(signal);
      // What was settled has events.
      if (chain.outlook.nextMs === 0) deliveries.wake();
      return chain.outlook.nextMs;
    },
    { name: 'settlement', intervalMs: INTERVAL_MS, maxIntervalMs: IDLE_SETTLEMENT_MS, logger },
  );
  const tasks = [
    deliveries,
    settlement,
    repeat((signal) => (chain.outlook.hasRetries ? chain.retryFailed(signal) : undefined), {
      name: 'settlement of what failed',
      intervalMs: RETRY_INTERVAL_MS,
      logger,
    }),
    repeat(
      watchClock(clock, () => bringBackFromFuture({ db: webhookDb, clock })),
      {
        name: 'webhook schedules after the clock was set back',
        intervalMs: RETRY_INTERVAL_MS,
        logger,
      },
    ),
    repeat((signal) => reencryptInBackground(services, logger, signal), {
      name: 're-encryption of secrets',
      intervalMs: REENCRYPTION_INTERVAL_MS,
      logger,
    }),
    ...(config.webhookRetentionDays === 0
      ? []
      : [
          repeat(
            (signal) =>
              deleteOldEvents(
                webhookDb,
                new Date(clock.now() - config.webhookRetentionDays * DAY_MS),
                signal,
              ),
            { name: 'deletion of old webhook events', intervalMs: RETENTION_INTERVAL_MS, logger },
          ),
        ]),
  ];
  for (const server of servers)
    onWrite(server, () => {
      settlement.wake();
      deliveries.wake();
    });
  const stopLoops = async () => {
    await Promise.all(tasks.map((task) => task.stop()));
    // A delivery that has not ended by then is made again, when its lease expires.
    await Promise.race([dispatcher.drain(), wait(DELIVERY_DRAIN_MS, undefined, { ref: false })]);
  };
  const [url = '', operationsUrl = ''] = servers.map(getUrl);
  return {
    ...services,
    url,
    operationsUrl,
    chain,
    stopLoops,
    close: async () => {
      isDraining = true;
      appServices.extension?.close();
      await Promise.all([...servers.map(closeServer), stopLoops()]);
      await closeStores();
    },
  };
};

/** Calls a listener after each response to a POST, which may have left something to settle or to deliver. */
const onWrite = (server: Server, listener: () => void): void => {
  server.on('request', ({ method }, response) => {
    if (method === 'POST') response.once('finish', listener);
  });
};
