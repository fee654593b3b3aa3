import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Principal } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { sendResponse } from '../http/responses.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { ResponseRecorder } from '../observability/response-event.ts';
import { type CpgAuthOptions, describeNodeRequest, Gate, isResponse } from '../service/gate.ts';
import { sendError } from './error-handler.ts';
import { recordExpress } from './observe-responses.ts';
import { assertTrustProxy } from './trust-proxy.ts';

export type { CpgAuthOptions };

/**
 * What `cpgAuth` sets on a request. It extends Express's `Request`, so that an own declaration of `rawBody` there, optional or
 * not, goes with it.
 */
export interface CpgRequestProperties {
  /** The sender of the request; set by `cpgAuth`, and missing on routes without it: see `getPrincipal`. */
  cpg?: Principal;
  /** The body bytes that were signed; set by `cpgAuth`, and missing on routes without it. */
  rawBody?: Buffer;
}

declare global {
  namespace Express {
    // A base, because two declarations of one property must be the same in every modifier.
    interface Request extends CpgRequestProperties {}
  }
}

/**
 * Express middleware (4 and 5) that admits only authenticated, fresh, single-use requests within their rate limit:
 * `app.use('/v1', cpgAuth({ keys, store }))`, before any body parser. Sets `req.cpg`, `req.rawBody` and `req.body`; rejects
 * all other requests, in the envelope. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: CpgAuthOptions): RequestHandler => {
  const gate = new Gate(options);
  return async function cpgAuth(request, response, next) {
    const recorder = recordExpress(request, response);
    try {
      assertMounting(request, options.keys);
    } catch (error) {
      sendError(error, response, gate.errorLog);
      return;
    }
    const outcome = await gate.admit(describe(request, recorder), request);
    if (isResponse(outcome)) {
      sendResponse(response, outcome);
      return;
    }
    const { cpg, rawBody, json } = outcome;
    request.cpg = cpg;
    request.rawBody = rawBody;
    if (json !== undefined) {
      request.body = json.value;
      // The marks that body-parser 1 and 2 look for, so that a parser behind cpgAuth skips the request.
      Object.assign(request, { _body: true, finished: true });
    }
    next();
  };
};

// The original target: a mounted router shortens req.url, and req.query is already decoded.
const describe = (request: Request, recorder: ResponseRecorder | undefined) =>
  describeNodeRequest(request, {
    recorder,
    target: request.originalUrl,
    clientIp: () => {
      assertTrustedProxy(request);
      return request.ip;
    },
  });

/**
 * Fails if the middleware is mounted twice, or if a whitelist would be checked against an address that the client chooses.
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
const assertTrustedProxy = (request: Request): void =>
  assertTrustProxy(request.app, 'Keys have source IP whitelists');

/**
 * Keeps the bytes of a body for cpgAuth, where a parser has to be in front of it:
 * `app.use(express.json({ verify: captureRawBody }))`.
 */
export const captureRawBody = (
  request: IncomingMessage,
  _response: ServerResponse,
  bytes: Uint8Array,
): void => {
  Object.assign(request, { rawBody: bytes });
};
