import { type AnyPermission, REJECTIONS } from '@cpg/protocol';
import type { ErrorHandler, MiddlewareHandler } from 'hono';
import type { Principal } from '../authenticate/request.ts';
import type { BodyBytes } from '../http/body-collector.ts';
import * as service from '../service/index.ts';
import * as web from './web-request.ts';

/** What `cpgAuth` sets on Hono's context: `new Hono<{ Variables: CpgVariables }>()`, then `c.get('cpg')`. */
export interface CpgVariables {
  /** The sender of the request. */
  readonly cpg: Principal;
  /** The body bytes that were signed. */
  readonly rawBody: BodyBytes;
  /** Those bytes parsed as JSON; `undefined` without a body, and with `json: false`. `c.req.json()` works too. */
  readonly body: unknown;
}

export type WebAuthOptions = web.WebAuthOptions;

type Middleware = MiddlewareHandler<{ readonly Variables: CpgVariables }>;

/**
 * Hono middleware that admits only authenticated, fresh, single-use requests within their rate limit:
 * `app.use(cpgAuth({ keys, store }))`. Wire protocol §1–3.
 * Outside `@hono/node-server` a target with `/./`, `/../` or `\` is rejected, since `request.url` does not have it.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: WebAuthOptions): Middleware => {
  const gate = new service.Gate(options, web.WEB_RULES);
  const { clientIp } = options;
  return async (context, next) => {
    const { env: platform, req } = context;
    const outcome = await gate.enter(web.describeWebRequest(req.raw, { platform, clientIp }), req.raw);
    if (outcome === undefined) return next();
    if (service.isResponse(outcome)) return web.finishResponse(req.raw, web.toResponse(req.raw, outcome));
    const { cpg, rawBody, json } = outcome;
    context.set('cpg', cpg);
    context.set('rawBody', rawBody);
    if (json !== undefined) context.set('body', json.value);
    // For c.req.json(), c.req.text() and the like.
    Object.assign(req.bodyCache, { arrayBuffer: Promise.resolve(new Uint8Array(rawBody).buffer) });
    await next();
    web.finishResponse(req.raw, context.res);
    return undefined;
  };
};

/**
 * Rejects keys without the permission (403), then bodies that are not JSON (400). Wire protocol §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, `authentication_missing` without cpgAuth in front.
 */
export const requirePermission = (permission: AnyPermission): Middleware => {
  const check = service.createPermissionCheck(permission);
  return async (context, next) => {
    const rejection = check(context.get('cpg'), context.req.raw);
    if (rejection !== undefined) return web.toResponse(context.req.raw, service.formatRejection(rejection));
    await next();
    return undefined;
  };
};

/** Makes a route whose handler gets the `Request` as `http`. See `route` of the main entry point. */
export const route: service.RouteFactory<Request> = service.route;

/**
 * Serves routes: `app.use(routes(list))` behind `cpgAuth`. An unknown path is 404 for an authenticated request; a request that did
 * not pass `cpgAuth` goes to the next handler. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const routes = (
  list: readonly service.Route<Request>[],
  options: service.RoutesOptions = {},
): Middleware => {
  const respond = service.createRouter(list, options);
  return async ({ req: { raw }, env, var: { cpg, rawBody, body } }, next) => {
    const target = web.getWebTarget(raw, env);
    const recorder = web.getWebRecorder(raw);
    const parts = { method: raw.method, target, cpg, rawBody, body, recorder, http: raw };
    const response = await respond(parts);
    if (response !== undefined) return web.toResponse(raw, response);
    await next();
    return undefined;
  };
};

/**
 * Makes a handler of Web-standard requests that authenticates every request and serves routes, without Hono:
 * `Deno.serve(serveRoutes(list, { keys, store }))`, or `export const GET = serveRoutes(…)` in Next.js. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const serveRoutes = (list: readonly service.Route<Request>[], options: WebAuthOptions) => {
  const gate = new service.Gate({ routes: list, ...options }, web.WEB_RULES);
  const { clientIp } = options;
  const respond = service.createRouter(list, { logger: options.logger });
  return async (request: Request, platform?: unknown): Promise<Response> => {
    const described = web.describeWebRequest(request, { platform, clientIp });
    const outcome = (await gate.enter(described, request)) ?? service.formatRejection(REJECTIONS.not_found);
    if (service.isResponse(outcome)) return web.finishResponse(request, web.toResponse(request, outcome));
    const { cpg, rawBody, json } = outcome;
    const { method, target, recorder } = described;
    const parts = { method, target, cpg, rawBody, body: json?.value, recorder, http: request };
    return web.finishResponse(request, web.toResponse(request, await respond(parts)));
  };
};

/** Responds to errors of handlers in the envelope: `app.onError(errorHandler())`. Logs 5xx. */
export const errorHandler = (options: service.RoutesOptions = {}): ErrorHandler => {
  const errorLog = new service.ErrorLog(options.logger);
  return (error, { req }) => web.toResponse(req.raw, errorLog.formatError(error));
};

/** Errors of `@hono/node-server` in the envelope: `getRequestListener(app.fetch, { errorHandler: onRequestError })`. */
export const onRequestError = (error: unknown): Response => {
  const isMalformed = error instanceof Error && error.name === 'RequestError';
  const code = isMalformed ? 'malformed_request_target' : 'internal_server_error';
  return web.toResponse(undefined, service.formatRejection(REJECTIONS[code]));
};
