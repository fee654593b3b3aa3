import { REJECTIONS } from '@cpg/protocol';
import {
  cpgAuth,
  errorHandler,
  ipBackstop,
  type KeyStore,
  routes,
  sendRejection,
} from '@cpg/server-middleware';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { SimulatedChain } from './chain/simulated-chain.ts';
import type { Config } from './config.ts';
import type { Admission } from './open-admission.ts';
import { closeWhenDraining } from './operations/close-when-draining.ts';
import { createMetrics } from './operations/metrics.ts';
import { createOperationsRouter } from './operations/operations-router.ts';
import { requestLog } from './operations/request-log.ts';
import { securityHeaders } from './operations/security-headers.ts';
import { DecisionLog } from './page/decision-log.ts';
import { createPageRouter } from './page/page-router.ts';
import { createReferenceRouter } from './page/reference-router.ts';
import { v1Routes } from './routes/v1-routes.ts';
import { createSandboxRouter } from './sandbox/sandbox-router.ts';
import { SwitchableStore } from './sandbox/switchable-store.ts';
import type { Services } from './services.ts';

export interface AppServices extends Services {
  readonly chain: SimulatedChain;
  readonly keys: KeyStore;
  readonly admission: Admission;
  readonly logger: Logger;
  readonly config: Config;
  readonly isDraining: () => boolean;
}

/** The Express application: operations, sandbox, authentication, the v1 routes, and the envelope for everything that goes wrong. */
export const createApp = (services: AppServices): Express => {
  const { db, clock, keys, admission, logger, config, isDraining } = services;
  const { ping, addressCounts } = admission;
  const switchable = config.sandbox ? new SwitchableStore(admission.store) : undefined;
  const metrics = createMetrics(db);
  const decisions = new DecisionLog(clock.now);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', [...config.trustedProxies]);
  app.use(requestLog(logger), metrics.observe, securityHeaders(), closeWhenDraining(isDraining));
  app.use(createOperationsRouter({ db, pingAdmission: ping, isDraining, metrics, readers: config.metrics }));
  app.use(createReferenceRouter());
  if (switchable !== undefined) {
    app.use('/_sandbox', createSandboxRouter({ ...services, decisions, store: switchable }));
    app.use(createPageRouter());
  }
  if (config.ipLimitPerMinute > 0) {
    app.use('/v1', ipBackstop({ limitPerMinute: config.ipLimitPerMinute, store: addressCounts, logger }));
  }
  app.use(
    '/v1',
    cpgAuth({
      keys,
      store: switchable ?? admission.store,
      clock: clock.now,
      // Every route is below, and parses for itself: so 404 and 405 come before a malformed body. Wire protocol §2.1.
      json: false,
      explain: config.sandbox,
      logger: config.sandbox ? decisions.listen(logger) : logger,
      trace: (trace) => {
        metrics.countDecision(trace);
        decisions.add(trace);
      },
    }),
  );
  app.use(routes(v1Routes(services), { logger }));
  app.use((_request, response) => sendRejection(response, REJECTIONS.not_found));
  app.use(errorHandler({ logger }));
  return app;
};
