import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Principal, RequestToAuthenticate } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { sendResponse } from '../http/responses.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { findAdmitted } from '../service/admitted.ts';
import { GATE_RULES, Gate, type CpgAuthOptions as GateOptions, isResponse } from '../service/gate.ts';
import { findOriginalTarget, HOOK_RULES, type HookOptions, isSkipped } from '../service/hooks.ts';
import { describeNodeRequest } from '../service/node-exchange.ts';
import { sendError } from './error-handler.ts';
import { recordExpress } from './observe-responses.ts';
import { assertTrustProxy } from './trust-proxy.ts';

/** The options of {@link cpgAuth}. */
export interface CpgAuthOptions extends GateOptions, HookOptions<Request> {}

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
 * all other requests, in the envelope. A second one with the same keys and store passes a request on. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: CpgAuthOptions): RequestHandler => {
  const gate = new Gate<CpgAuthOptions>(options, { ...GATE_RULES, ...HOOK_RULES });
  return async function cpgAuth(request, response, next) {
    const recorder = recordExpress(request, response);
    let described: RequestToAuthenticate | undefined;
    try {
      if (!isSkipped(request, options)) {
        assertMounting(request, options.keys);
        described = describe(request, { recorder, signedTarget: findOriginalTarget(request, options) });
      }
    } catch (error) {
      sendError(error, response, gate.errorLog);
      return;
    }
    if (described === undefined) {
      next();
      return;
    }
    const again = gate.admitAgain(described, request);
    const outcome = again ?? (await gate.admit(described, request));
    if (isResponse(outcome)) {
      sendResponse(response, outcome);
      return;
    }
    const { cpg, rawBody, json } = outcome;
    if (again === undefined) {
      request.cpg = cpg;
      request.rawBody = rawBody;
    }
    if (json !== undefined) {
      request.body = json.value;
      // The marks that body-parser 1 and 2 look for, so that a parser behind cpgAuth skips the request.
      Object.assign(request, { _body: true, finished: true });
    }
    next();
  };
};

// The original target: a mounted router shortens req.url, and req.query is already decoded.
const describe = (
  request: Request,
  { recorder, signedTarget }: Pick<RequestToAuthenticate, 'recorder' | 'signedTarget'>,
): RequestToAuthenticate => {
  const described = describeNodeRequest(request, {
    recorder,
    target: request.originalUrl,
    clientIp: () => {
      assertTrustedProxy(request);
      return request.ip;
    },
  });
  return signedTarget === undefined ? described : { ...described, signedTarget };
};

/**
 * Fails if something else than cpgAuth, or another copy of this package, has set `req.cpg`; or if a whitelist would be checked
 * against an address that the client chooses.
 *
 * @throws ServerMiddlewareError `mounted_twice`, `permissive_trust_proxy`
 */
const assertMounting = (request: Request, keys: KeyStore): void => {
  if (request.cpg !== undefined && findAdmitted(request) === undefined) {
    throw new ServerMiddlewareError(
      'mounted_twice',
      'req.cpg is set, but not by this copy of cpgAuth. Mount cpgAuth from one copy of @cpg/server-middleware, and set req.cpg nowhere else.',
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
