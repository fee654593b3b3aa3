import type { Endpoint } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import { sendResponse } from '../http/responses.ts';
import * as router from '../service/router.ts';
import { recordExpress } from './observe-responses.ts';

export type RouteRequest<E extends Endpoint> = router.RouteRequest<E, Request>;
export type RouteHandler<E extends Endpoint> = router.RouteHandler<E, Request>;
export type Route = router.Route<Request>;

/**
 * Makes a route from an endpoint of the protocol, which defines method, path, permission, validation and the type of the
 * response, and a handler, which returns the data or a rejection, or throws a `RejectionError`.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const route: router.RouteFactory<Request> = router.route;

/**
 * Serves routes: `app.use(routes([route(endpoint, handler), …]))` at the root of the app, since endpoint paths include `/v1`,
 * and behind `cpgAuth`. Another method on a known path is 405 with `Allow`. An unknown path is 404 for an authenticated
 * request; a request that did not pass `cpgAuth` goes to the next handler. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`; on a request, `authentication_missing` is logged, and
 * the response is 500.
 */
export const routes = (list: readonly Route[], options: router.RoutesOptions = {}): RequestHandler => {
  const respond = router.createRouter(list, options);
  return async function routes(request, response, next) {
    const { method, originalUrl: target, cpg, body, rawBody } = request;
    const recorder = recordExpress(request, response);
    const result = await respond({ method, target, cpg, body, rawBody, recorder, http: request });
    if (result === undefined) next();
    else sendResponse(response, result);
  };
};
