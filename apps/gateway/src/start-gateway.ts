import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { startChainLoop } from './chain/chain-loop.ts';
import { setBlockIntervals } from './chain/set-block-intervals.ts';
import { createSimulatedChain, type SimulatedChain } from './chain/simulated-chain.ts';
import { type Clock, createClock } from './clock.ts';
import type { Config } from './config.ts';
import { createApp } from './create-app.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { resetDemo } from './demo/reset-demo.ts';
import { seedDemo } from './demo/seed-demo.ts';
import { createDatabaseKeyStore } from './keys/database-key-store.ts';
import { findMasterKey } from './secrets/master-key.ts';
import { createSecretBox } from './secrets/secret-box.ts';

export interface Gateway {
  readonly url: string;
  readonly db: Database;
  readonly clock: Clock;
  readonly chain: SimulatedChain;
  /** Brings the demo back to how it began, all data included. */
  reset(): Promise<void>;
  /** Stops taking connections, finishes the requests under way, then closes the database. */
  close(): Promise<void>;
}

/** Opens the database, brings it up to date, seeds the demo and serves. */
export const startGateway = async (config: Config, logger: Logger): Promise<Gateway> => {
  const isPersistent = config.databaseUrl !== undefined || config.dataDir !== undefined;
  const box = createSecretBox(await findMasterKey({ ...config, isPersistent }));
  const db = await openDatabase(config);
  const clock = createClock();
  await migrate(db);
  await seedDemo(db, box, new Date(clock.now()));
  const setPace = () => setBlockIntervals(db, config.chainSettleSeconds, clock.now());
  await setPace();
  const chain = createSimulatedChain({ db, clock });
  const keys = createDatabaseKeyStore(db, box);
  const app = createApp({ db, clock, chain, keys, logger, sandbox: config.sandbox });
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = app.listen(config.port, config.host, (error) =>
      error ? reject(error) : resolve(listening),
    );
  });
  const stopChain = startChainLoop(chain, logger);
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    db,
    clock,
    chain,
    reset: async () => {
      await resetDemo(db, box, new Date(clock.now()));
      await setPace();
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      await stopChain();
      await db.destroy();
    },
  };
};
