import { randomUUID } from 'node:crypto';
import { REJECTIONS } from '@cpg/protocol';
import {
  cpgAuth,
  errorHandler,
  ipBackstop,
  type KeyStore,
  observeResponses,
  routes,
  sendRejection,
} from '@cpg/server-middleware';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import type { Config } from '../config.ts';
import type { GatewayExtension, GatewayParts } from '../gateway-mode.ts';
import type { Metrics } from './metrics.ts';
import { closeWhenDraining, createHealthRouter, createMetricsRouter } from './operations.ts';
import { operationsGuard } from './operations-guard.ts';
import { createReferenceRouter } from './reference.ts';
import { v1Routes } from './routes.ts';

export interface AppServices extends GatewayParts {
  readonly keys: KeyStore;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly extension: GatewayExtension | undefined;
  readonly isDraining: () => boolean;
}

const createBareApp = ({ logger, isDraining }: AppServices): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog(logger), securityHeaders(), closeWhenDraining(isDraining));
  return app;
};

const finishApp = (app: Express, { logger }: AppServices): Express => {
  app.use((_request, response) => sendRejection(response, REJECTIONS.not_found));
  app.use(errorHandler({ logger }));
  return app;
};

const createHealth = ({ db, clock, admission, isDraining }: AppServices) =>
  createHealthRouter({ db, clock, pingAdmission: admission.ping, isDraining });

/** The public app: health checks, API reference, authentication, the v1 routes, and the error envelope. */
export const createApp = (services: AppServices): Express => {
  const { clock, keys, admission, logger, config, extension } = services;
  const app = createBareApp(services);
  app.set('trust proxy', [...config.trustedProxies]);
  if (extension !== undefined) app.use(extension.requests);
  // The id that requestLog gave the request.
  app.use(observeResponses({ requestId: ({ id }) => id, logger }));
  app.use(createHealth(services), createReferenceRouter());
  if (config.ipLimitPerMinute > 0) {
    const { addressCounts: store } = admission;
    app.use('/v1', ipBackstop({ limitPerMinute: config.ipLimitPerMinute, store, logger }));
  }
  app.use(
    '/v1',
    cpgAuth({
      keys,
      store: extension?.store ?? admission.store,
      clock: clock.now,
      // The routes parse their bodies themselves: 404 and 405 precede a malformed body. Wire protocol §2.1.
      json: false,
      logger,
      ...extension?.auth,
    }),
  );
  app.use(routes(v1Routes(services), { logger }));
  return finishApp(app, services);
};

/** The app of the operations port, without signatures: health, metrics, and the extension of the mode. */
export const createOperationsApp = (services: AppServices): Express => {
  const { config, metrics, extension } = services;
  const app = createBareApp(services);
  app.use(operationsGuard({ host: config.operationsHost, allowedHosts: config.operationsAllowedHosts }));
  app.use(createHealth(services), createMetricsRouter(metrics));
  if (extension !== undefined) app.use(extension.operations);
  return finishApp(app, services);
};

/**
 * Logs one line per request, with the id that the response carries as `X-Request-Id`. Headers are omitted: a
 * log must never contain a usable signature.
 */
export const requestLog = (logger: Logger): RequestHandler =>
  pinoHttp({
    logger,
    genReqId: (_request, response) => {
      const id = randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    serializers: {
      req: ({ id, method, url, remoteAddress }) => ({ id, method, url, remoteAddress }),
      res: ({ statusCode }) => ({ statusCode }),
    },
  });

/** Security headers: the gateway's pages may load resources from the gateway only. */
export const securityHeaders = (): RequestHandler =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // TLS is terminated by a proxy, which decides about HSTS.
    strictTransportSecurity: false,
  });
