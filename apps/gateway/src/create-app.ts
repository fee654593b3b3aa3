import { REJECTIONS } from '@cpg/protocol';
import {
  type AdmissionStore,
  cpgAuth,
  errorHandler,
  type KeyStore,
  routes,
  sendRejection,
} from '@cpg/server-middleware';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { SimulatedChain } from './chain/simulated-chain.ts';
import type { Config } from './config.ts';
import { requestLog } from './request-log.ts';
import { v1Routes } from './routes/v1-routes.ts';
import { createSandboxRouter } from './sandbox/sandbox-router.ts';
import type { Services } from './services.ts';

export interface AppServices extends Services {
  readonly chain: SimulatedChain;
  readonly keys: KeyStore;
  readonly store: AdmissionStore;
  readonly logger: Logger;
  readonly config: Config;
}

/** The Express application: log, sandbox, authentication, the v1 routes, and the envelope for everything that goes wrong. */
export const createApp = (services: AppServices): Express => {
  const { clock, keys, store, logger, config } = services;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog(logger));
  if (config.sandbox) app.use('/_sandbox', createSandboxRouter(services));
  app.use('/v1', cpgAuth({ keys, store, clock: clock.now, logger }));
  app.use(routes(v1Routes(services), { logger }));
  app.use((_request, response) => sendRejection(response, REJECTIONS.not_found));
  app.use(errorHandler({ logger }));
  return app;
};
