import { REJECTIONS } from '@cpg/protocol';
import {
  cpgAuth,
  errorHandler,
  type KeyStore,
  memoryStore,
  routes,
  sendRejection,
} from '@cpg/server-middleware';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { SimulatedChain } from './chain/simulated-chain.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database/open-database.ts';
import { requestLog } from './request-log.ts';
import { v1Routes } from './routes/v1-routes.ts';
import { rewindableStore } from './sandbox/rewindable-store.ts';
import { createSandboxRouter } from './sandbox/sandbox-router.ts';

export interface AppServices {
  readonly db: Database;
  readonly clock: Clock;
  readonly chain: SimulatedChain;
  readonly keys: KeyStore;
  readonly logger: Logger;
  readonly sandbox: boolean;
}

/** The Express application: log, sandbox, authentication, the v1 routes, and the envelope for everything that goes wrong. */
export const createApp = ({ db, clock, chain, keys, logger, sandbox }: AppServices): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog(logger));
  if (sandbox) app.use('/_sandbox', createSandboxRouter(clock, chain));
  const createStore = () => memoryStore({ clock: clock.now });
  const store = sandbox ? rewindableStore(clock.now, createStore) : createStore();
  app.use('/v1', cpgAuth({ keys, store, clock: clock.now, logger }));
  app.use(routes(v1Routes({ db, clock }), { logger }));
  app.use((_request, response) => sendRejection(response, REJECTIONS.not_found));
  app.use(errorHandler({ logger }));
  return app;
};
