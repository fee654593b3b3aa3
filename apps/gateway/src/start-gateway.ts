import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cachedKeys, drainUnreadBodies } from '@cpg/server-middleware';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { createSimulatedChain, type SimulatedChain } from './chain/simulated-chain.ts';
import { createClock } from './clock.ts';
import type { Config } from './config.ts';
import { createApp } from './create-app.ts';
import { createDatabaseKeyStore } from './keys/database-key-store.ts';
import { openAdmission } from './open-admission.ts';
import { logFailure, repeat } from './repeat.ts';
import { openServices, type Services } from './services.ts';
import { WebhookCourier } from './webhooks/webhook-courier.ts';

export interface Gateway extends Services {
  readonly url: string;
  readonly chain: SimulatedChain;
  /** Ends what goes on without requests: the chain and the deliveries. */
  stopLoops(): Promise<void>;
  /** Stops taking connections, finishes what is under way, then closes the stores. */
  close(): Promise<void>;
}

const INTERVAL_MS = 200;
// A revocation must be seen soon; that much a cached key may outlive it.
const KEY_TTL_MS = 2_000;

/** Opens the stores, serves, and keeps chain and webhooks going. */
export const startGateway = async (config: Config, logger: Logger): Promise<Gateway> => {
  const clock = createClock();
  const services = await openServices(config, clock);
  const admission = await openAdmission(config, clock, logger);
  const chain = createSimulatedChain(services);
  const keys = cachedKeys(createDatabaseKeyStore(services), { ttlMs: KEY_TTL_MS, missTtlMs: 100 });
  let isDraining = false;
  const app = createApp({
    ...services,
    chain,
    keys,
    admission,
    logger,
    config,
    isDraining: () => isDraining,
  });
  const server = await listen(app, config, logger);
  const courier = new WebhookCourier(services, logger);
  const stops = [
    repeat(() => chain.advance(), { name: 'the simulated chain', intervalMs: INTERVAL_MS, logger }),
    repeat(() => courier.setOut(), { name: 'webhook delivery', intervalMs: INTERVAL_MS, logger }),
  ];
  const stopLoops = async () => {
    await Promise.all(stops.map((stop) => stop()));
    await courier.comeBack();
  };
  const { address, family, port } = server.address() as AddressInfo;
  return {
    ...services,
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    chain,
    stopLoops,
    close: async () => {
      isDraining = true;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      await stopLoops();
      await admission.close();
      await services.db.destroy();
    },
  };
};

// A client that is slow with its headers, or never ends its request, holds a socket for this long at most.
const LIMITS = { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000 };

// A body that is still arriving after its response must not outlast the time to drain.
const DRAIN_LIMITS = { maxMs: 5_000 };

const listen = (app: Express, { port, host }: Config, logger: Logger): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = drainUnreadBodies(createServer(LIMITS, app), DRAIN_LIMITS).once('error', reject);
    server.listen(port, host, () => {
      // Such as no more file descriptors: the connection is lost, not the gateway.
      server.on('error', (error) => logFailure(logger, error, 'a connection could not be accepted'));
      resolve(server);
    });
  });
