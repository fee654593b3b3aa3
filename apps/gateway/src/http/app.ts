import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
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
import express, { type Express, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { GatewayExtension, GatewayParts } from '../gateway-mode.ts';
import type { Metrics } from './metrics.ts';
import { createHealthRouter, createMetricsRouter } from './operations.ts';
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
  const logRequest = createRequestLog(logger);
  const headers = listSecurityHeaders();
  // One middleware: each costs about as much as what these do.
  app.use((request, response, next) => {
    logRequest(request, response);
    for (const [name, value] of headers) response.setHeader(name, value);
    // Idle keep-alive connections would delay the shutdown.
    if (isDraining()) response.setHeader('Connection', 'close');
    next();
  });
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
  app.use(observeResponses({ requestId: ({ id }) => id, logger }));
  if (config.ipLimitPerMinute > 0) {
    const { addressCounts: store } = admission;
    app.use('/v1', ipBackstop({ limitPerMinute: config.ipLimitPerMinute, store, logger }));
  }
  const api = routes(v1Routes(services), { logger });
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
    api,
  );
  // Behind the API, whose requests would have to pass them.
  app.use(createHealth(services), createReferenceRouter(), api);
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

declare module 'http' {
  interface IncomingMessage {
    /** Set by the log of requests. */
    id: string;
  }
}

// Without a listener it would end the process. The request logs what it means for the client.
const ignoreError = (): void => undefined;

/**
 * Logs one line per request, with the id that the response carries as `X-Request-Id`. Headers are omitted: a
 * log must never contain a usable signature. Costs nothing but the id when the level is above `info`.
 */
const createRequestLog =
  (logger: Logger) =>
  (request: Request, response: Response): void => {
    const id = randomUUID();
    request.id = id;
    response.setHeader('X-Request-Id', id);
    if (!logger.isLevelEnabled('info')) {
      response.on('error', ignoreError);
      return;
    }
    const startedAt = Date.now();
    const { method, originalUrl: url, socket } = request;
    const req = { id, method, url, remoteAddress: socket.remoteAddress };
    let isLogged = false;
    const log = (error?: Error) => {
      if (isLogged) return;
      isLogged = true;
      const { statusCode } = response;
      const err =
        error ?? (statusCode >= 500 ? new Error(`failed with status code ${statusCode}`) : undefined);
      const line = { req, res: { statusCode }, ...(err && { err }), responseTime: Date.now() - startedAt };
      const isComplete = !request.readableAborted && response.writableEnded;
      if (err !== undefined) logger.info(line, 'request errored');
      else logger.info(line, isComplete ? 'request completed' : 'request aborted');
    };
    // With parameters of their own: these events have none.
    response
      .on('finish', () => log())
      .on('close', () => log())
      .on('error', log);
  };

/** Security headers: the gateway's pages may load resources from the gateway only. They are the same for every response. */
const listSecurityHeaders = (): readonly (readonly [name: string, value: string])[] => {
  const setHeaders = helmet({
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
  const headers: [name: string, value: string][] = [];
  const response = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader: () => undefined,
  };
  setHeaders({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error !== undefined) throw error;
  });
  return headers;
};
