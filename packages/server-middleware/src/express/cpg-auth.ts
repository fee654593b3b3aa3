import cluster from 'node:cluster';
import { isRejection } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import type { AdmissionStore } from '../admission/admission-store.ts';
import {
  AUTHENTICATE_RULES,
  type AuthenticateOptions,
  assertUsableOptions,
  authenticate,
} from '../authenticate/authenticate.ts';
import type { Principal } from '../authenticate/request.ts';
import { helpFor, ServerMiddlewareError } from '../errors.ts';
import { readBody } from '../http/read-body.ts';
import { sendRejection } from '../http/responses.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { aBoolean, type OptionRules, optional } from '../options.ts';
import { guardLogger, type Logger } from '../user-code.ts';
import { ErrorLog, sendError } from './error-handler.ts';
import { setJsonBody } from './json-body.ts';

declare global {
  namespace Express {
    interface Request {
      /** The sender of the request; set by `cpgAuth`, and missing where it is not mounted. */
      cpg: Principal;
      /** The body bytes that were signed; set by `cpgAuth`. */
      rawBody: Buffer;
    }
  }
}

export interface CpgAuthOptions extends AuthenticateOptions {
  /**
   * Parse the body as JSON into `req.body`; a malformed one is rejected with 400 before the next handler runs. `false`
   * leaves `req.body` alone, for routes with other bodies; `routes` parses for its endpoints itself. @default true
   */
  readonly json?: boolean | undefined;
}

const RULES: OptionRules<CpgAuthOptions> = { ...AUTHENTICATE_RULES, json: optional(aBoolean) };

/**
 * Express middleware (4 and 5) that admits only authenticated, fresh, single-use requests within their rate limit:
 * `app.use('/v1', cpgAuth({ keys, store }))`, before any body parser. Sets `req.cpg`, `req.rawBody` and `req.body`; rejects
 * all other requests, in the envelope. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: CpgAuthOptions): RequestHandler => {
  assertUsableOptions(options, 'cpgAuth', RULES);
  const errorLog = new ErrorLog(options.logger);
  warnAboutSplitMemory(options.store, options.logger);
  return async (request, response, next) => {
    try {
      assertMounting(request, options.keys);
      const outcome = await authenticate(describe(request), options);
      if (isRejection(outcome)) {
        sendRejection(response, outcome);
        return;
      }
      request.cpg = outcome.principal;
      request.rawBody = outcome.body;
      const rejection = (options.json ?? true) ? setJsonBody(request) : undefined;
      if (rejection !== undefined) {
        sendRejection(response, rejection);
        return;
      }
    } catch (error) {
      sendError(error, response, errorLog);
      return;
    }
    next();
  };
};

// The original target: a mounted router shortens req.url, and req.query is already decoded.
const describe = (request: Request) => ({
  method: request.method,
  target: request.originalUrl,
  rawHeaders: request.rawHeaders,
  clientIp: () => {
    assertTrustedProxy(request);
    return request.ip;
  },
  readBody: (limits: Parameters<typeof readBody>[1]) => readBody(request, limits),
});

/**
 * Fails if the middleware is mounted twice, or if a whitelist would be checked against an address that the client chooses:
 * with `trust proxy: true` Express takes the leftmost `X-Forwarded-For`.
 *
 * @throws ServerMiddlewareError `mounted_twice`, `permissive_trust_proxy`
 */
const assertMounting = (request: Request, keys: KeyStore): void => {
  if (request.cpg !== undefined) {
    throw new ServerMiddlewareError(
      'mounted_twice',
      'A second cpgAuth received an authenticated request, whose signature is already used. Mount cpgAuth once, in front of all protected routes.',
    );
  }
  if (keys.hasSourceIps === true) assertTrustedProxy(request);
};

/** @throws ServerMiddlewareError `permissive_trust_proxy` */
const assertTrustedProxy = (request: Request): void => {
  if (request.app.get('trust proxy') !== true) return;
  throw new ServerMiddlewareError(
    'permissive_trust_proxy',
    'Keys have source IP whitelists, but "trust proxy" is true: every client may choose its address. Name the proxies instead: app.set(\'trust proxy\', 1), or their addresses.',
  );
};

// Set by pm2 for each of its instances.
const INSTANCE_VARIABLES = ['NODE_APP_INSTANCE', 'pm_id'];

/** Warns, once at start, if one of several processes has a memory store: each would admit a signature once. */
export const warnAboutSplitMemory = (store: AdmissionStore, logger?: Logger): void => {
  const isOneOfSeveral =
    cluster.isWorker || INSTANCE_VARIABLES.some((name) => process.env[name] !== undefined);
  if (store.isPerProcess !== true || !isOneOfSeveral) return;
  const code = 'memory_store_in_cluster';
  guardLogger(logger).warn(
    { code, help: helpFor(code) },
    'memoryStore is used in one of several processes: each admits a signature once, and counts its own rate. Fix: share one store, redisStore(client).',
  );
};
