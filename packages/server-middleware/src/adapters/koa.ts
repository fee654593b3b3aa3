import type { AnyPermission } from '@cpg/protocol';
import type { Middleware, ParameterizedContext } from 'koa';
import type { Principal } from '../authenticate/request.ts';
import * as service from '../service/index.ts';
import { getKoaClientIp } from './client-ip.ts';

/** What `cpgAuth` adds to `ctx.state`: `new Koa<CpgState>()`. */
export interface CpgState {
  /** The sender of the request. */
  cpg: Principal;
  /** The body bytes that were signed. */
  rawBody: Buffer;
  /** Those bytes parsed as JSON, also in `ctx.request.body`; `undefined` without a body, and with `json: false`. */
  body: unknown;
}

type CpgContext = ParameterizedContext<CpgState>;

export interface KoaAuthOptions extends service.CpgAuthOptions, service.HookOptions<CpgContext> {}

/**
 * Koa middleware that admits only authenticated, fresh, single-use requests within their rate limit:
 * `app.use(cpgAuth({ keys, store }))`, before any body parser. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: KoaAuthOptions): Middleware<CpgState> => {
  const gate = new service.Gate(options, { ...service.GATE_RULES, ...service.HOOK_RULES });
  return async (context, next) => {
    const outcome = await gate.enter(describe(context), context);
    if (outcome === undefined) return next();
    if (service.isResponse(outcome)) return send(context, outcome);
    const { cpg, rawBody, json } = outcome;
    Object.assign(context.state, { cpg, rawBody }, json && { body: json.value });
    // Koa's body parsers skip a request that has a body.
    if (json !== undefined) Object.assign(context.request, { body: json.value });
    return next();
  };
};

const describe = ({ req, res, request, originalUrl: target }: CpgContext) =>
  service.describeExchange(req, res, { target, clientIp: () => getKoaClientIp(request) });

const send = (context: CpgContext, response: service.HttpResponse): void => {
  service.prepareResponse(context.res, response);
  context.status = response.status;
  context.set({ ...response.headers });
  context.body = response.body;
};

/**
 * Rejects keys without the permission (403), then bodies that are not JSON (400). Wire protocol §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, `authentication_missing` without cpgAuth in front.
 */
export const requirePermission = (permission: AnyPermission): Middleware<CpgState> => {
  const check = service.createPermissionCheck(permission);
  return async (context, next) => {
    const rejection = check(context.state.cpg, context);
    if (rejection === undefined) await next();
    else send(context, service.formatRejection(rejection));
  };
};

/** Makes a route whose handler gets Koa's context as `http`. See `route` of the main entry point. */
export const route: service.RouteFactory<CpgContext> = service.route;

/**
 * Serves routes: `app.use(routes(list))` behind `cpgAuth`. An unknown path is 404 for an authenticated request; a request that did
 * not pass `cpgAuth` goes to the next middleware. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const routes = (
  list: readonly service.Route<CpgContext>[],
  options: service.RoutesOptions = {},
): Middleware<CpgState> => {
  const respond = service.createRouter(list, options);
  return async (context, next) => {
    const { method, originalUrl: target, state } = context;
    const recorder = service.getRecorder(context.res);
    const result = await respond({ method, target, ...state, recorder, http: context });
    if (result === undefined) await next();
    else send(context, result);
  };
};

/** Responds to errors of the middleware behind it in the envelope: `app.use(errorHandler())`, first. Logs 5xx. */
export const errorHandler = (options: service.RoutesOptions = {}): Middleware<CpgState> => {
  const errorLog = new service.ErrorLog(options.logger);
  return async (context, next) => {
    try {
      await next();
    } catch (error) {
      send(context, errorLog.formatError(error));
    }
  };
};
