import {
  createPathMatcher,
  type DataOf,
  type Endpoint,
  isRejection,
  missingPermission,
  parseRequestTarget,
  REJECTIONS,
  type Rejection,
  type ResponseOf,
  type ValidatedRequest,
  validateRequest,
} from '@cpg/protocol';
import type { Request, RequestHandler, Response } from 'express';
import type { Principal } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { type Page, sendRejection, sendSuccess } from '../http/responses.ts';
import {
  aFunction,
  aLogger,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
} from '../options.ts';
import type { Logger } from '../user-code.ts';
import { ErrorLog, sendError } from './error-handler.ts';
import { takeJsonBody } from './json-body.ts';
import { assertAuthenticated } from './require-permission.ts';

/** The parameter of a handler: the validated parts, the sender, and Express's request. */
export type RouteRequest<E extends Endpoint> = ValidatedRequest<E> & {
  readonly cpg: Principal;
  readonly http: Request;
};

/** The result of a handler: the data of the endpoint, or a `page(…)` if it paginates. */
export type RouteResult<E extends Endpoint> =
  ResponseOf<E> extends { readonly has_more: boolean } ? Page<DataOf<E>> : DataOf<E>;

export type RouteHandler<E extends Endpoint> = (
  request: RouteRequest<E>,
) => RouteResult<E> | Rejection | Promise<RouteResult<E> | Rejection>;

/** An endpoint with its handler; made by {@link route}, mounted by `routes`. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly handler: (request: RouteRequest<Endpoint>) => unknown;
}

const aHandler: OptionRule = aFunction;
const anEndpoint: OptionRule = (value) => {
  const { method, path } = Object(value) as Partial<Endpoint>;
  return typeof method === 'string' && typeof path === 'string'
    ? undefined
    : 'be an endpoint of @cpg/protocol, e.g. endpoints.listBalances';
};

/**
 * Makes a route from an endpoint of the protocol, which defines method, path, permission, validation and the type of the
 * response, and a handler, which returns the data or a rejection, or throws a `RejectionError`.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const route = <E extends Endpoint>(endpoint: E, handler: RouteHandler<E>): Route => {
  assertValue({ name: 'route: endpoint', value: endpoint, rule: anEndpoint });
  assertValue({ name: 'route: handler', value: handler, rule: aHandler });
  return { endpoint, handler: handler as unknown as Route['handler'] };
};

export interface RoutesOptions {
  /** Logs errors of handlers; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const RULES: OptionRules<RoutesOptions> = { logger: optional(aLogger) };

const isRoute = (value: unknown): boolean => {
  const { endpoint, handler } = Object(value) as Partial<Route>;
  return anEndpoint(endpoint) === undefined && aHandler(handler) === undefined;
};
const aRouteList: OptionRule = (value) =>
  Array.isArray(value) && value.every(isRoute)
    ? undefined
    : 'be a list of routes made by route(endpoint, handler)';

/**
 * Serves routes: `app.use(routes([route(endpoint, handler), …]))` at the root of the app, since endpoint paths include `/v1`,
 * and behind `cpgAuth`. Another method on a known path is 405 with `Allow`. An unknown path is 404 for an authenticated
 * request; a request that did not pass `cpgAuth` goes to the next handler. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`; on a request, `authentication_missing` is logged, and
 * the response is 500.
 */
export const routes = (list: readonly Route[], options: RoutesOptions = {}): RequestHandler => {
  assertOptions({ owner: 'routes', options, rules: RULES });
  assertValue({ name: 'routes: list', value: list, rule: aRouteList });
  const findRoutes = createRouteTable(list);
  const errorLog = new ErrorLog(options.logger);
  return async (request, response, next) => {
    const target = parseRequestTarget(request.originalUrl);
    if (isRejection(target)) {
      sendRejection(response, target);
      return;
    }
    const match = findRoutes(target.path);
    if (match === undefined) {
      if (request.cpg === undefined) next();
      else sendRejection(response, REJECTIONS.not_found);
      return;
    }
    try {
      assertAuthenticated(request);
      const { byMethod, pathParameters } = match;
      const route = byMethod.get(request.method);
      if (route === undefined) rejectMethod(response, [...byMethod.keys()]);
      else await serveRoute(route, { http: request, response, pathParameters, query: target.query });
    } catch (error) {
      sendError(error, response, errorLog);
    }
  };
};

/** The routes of one path, by method. */
interface PathRoutes {
  readonly matchPath: ReturnType<typeof createPathMatcher>;
  readonly byMethod: Map<string, Route>;
}

/** @throws ServerMiddlewareError `duplicate_route` */
const createRouteTable = (list: readonly Route[]) => {
  const byTemplate = new Map<string, PathRoutes>();
  for (const route of list) {
    const { method, path } = route.endpoint;
    const entry = byTemplate.get(path) ?? { matchPath: createPathMatcher(path), byMethod: new Map() };
    if (entry.byMethod.has(method)) {
      throw new ServerMiddlewareError('duplicate_route', `${method} ${path} has two handlers; keep one.`);
    }
    entry.byMethod.set(method, route);
    byTemplate.set(path, entry);
  }
  const hasParameters = ([template]: readonly [string, PathRoutes]) => Number(template.includes('{'));
  // A path without parameters takes precedence.
  const entries = [...byTemplate].sort((one, other) => hasParameters(one) - hasParameters(other));
  return (path: string) => {
    for (const [, { matchPath, byMethod }] of entries) {
      const pathParameters = matchPath(path);
      if (pathParameters !== undefined) return { byMethod, pathParameters };
    }
    return undefined;
  };
};

const rejectMethod = (response: Response, allowed: readonly string[]): void => {
  response.setHeader('Allow', allowed.join(', '));
  sendRejection(response, REJECTIONS.method_not_allowed);
};

interface RouteCall {
  readonly http: Request;
  readonly response: Response;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** As on the wire. */
  readonly query: string;
}

/** Permission, body syntax, schema, handler, response: the rest of the order of wire protocol §2.1. */
const serveRoute = async (route: Route, call: RouteCall): Promise<void> => {
  const result = await decide(route, call);
  if (isRejection(result)) sendRejection(call.response, result);
  else sendSuccess(call.response, result);
};

const decide = (route: Route, { http, pathParameters, query }: RouteCall): unknown => {
  const { endpoint, handler } = route;
  const { cpg } = http;
  const { permission } = endpoint;
  if (permission !== null && !cpg.permissions.includes(permission)) return missingPermission(permission);

  const json = endpoint.body === null ? { value: undefined } : takeJsonBody(http);
  if (isRejection(json)) return json;

  const validated = validateRequest(endpoint, { pathParameters, query, body: json.value });
  return isRejection(validated) ? validated : handler({ ...validated, cpg, http });
};
