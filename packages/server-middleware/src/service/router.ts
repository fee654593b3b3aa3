import {
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
import type { Principal, RouteLimits } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { ErrorLog } from '../http/error-log.ts';
import { parseJsonBody } from '../http/parse-json-body.ts';
import { formatRejection, formatSuccess, type HttpResponse, type Page } from '../http/responses.ts';
import type { ResponseRecorder } from '../observability/response-event.ts';
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
import { findAdmitted, findSignedTarget } from './admitted.ts';
import { rememberPermissions } from './json-body.ts';
import { assertAuthenticated } from './permission.ts';
import {
  assertRouteOptions,
  createRouteTable,
  isLimitedAs,
  type RouteOptions,
  toRouteLimits,
} from './route-table.ts';

/** The parameter of a handler: the validated parts, the sender, and the request of the framework. */
export type RouteRequest<E extends Endpoint, Http = unknown> = ValidatedRequest<E> & {
  readonly cpg: Principal;
  readonly http: Http;
};

/** The result of a handler: the data of the endpoint, or a `page(…)` if it paginates. */
export type RouteResult<E extends Endpoint> =
  ResponseOf<E> extends { readonly has_more: boolean } ? Page<DataOf<E>> : DataOf<E>;

export type RouteHandler<E extends Endpoint, Http = unknown> = (
  request: RouteRequest<E, Http>,
) => RouteResult<E> | Rejection | Promise<RouteResult<E> | Rejection>;

/** An endpoint with its handler; made by {@link route}, served by `routes`. */
export interface Route<Http = unknown> {
  readonly endpoint: Endpoint;
  readonly handler: (request: RouteRequest<Endpoint, Http>) => unknown;
  /** Applied by `cpgAuth`, which has to know the route: `cpgAuth({ routes: list })`. */
  readonly limits?: RouteOptions | undefined;
}

/** The type of {@link route} for the request of one framework. */
export type RouteFactory<Http> = <E extends Endpoint>(
  endpoint: E,
  handler: RouteHandler<E, Http>,
  limits?: RouteOptions,
) => Route<Http>;

const aHandler: OptionRule = aFunction;
const anEndpoint: OptionRule = (value) => {
  const { method, path } = Object(value) as Partial<Endpoint>;
  return typeof method === 'string' && typeof path === 'string'
    ? undefined
    : 'be an endpoint of @cpg/protocol, e.g. endpoints.listBalances';
};

/**
 * Makes a route from an endpoint of the protocol, which defines method, path, permission, validation and the type of the
 * response, and a handler, which returns the data or a rejection, or throws a `RejectionError`. With limits of its own, pass the
 * route to `cpgAuth` too: `cpgAuth({ keys, store, routes: list })`.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const route = <E extends Endpoint, Http = unknown>(
  endpoint: E,
  handler: RouteHandler<E, Http>,
  limits?: RouteOptions,
): Route<Http> => {
  assertValue({ name: 'route: endpoint', value: endpoint, rule: anEndpoint });
  assertValue({ name: 'route: handler', value: handler, rule: aHandler });
  assertRouteOptions(limits);
  return { endpoint, handler: handler as unknown as Route<Http>['handler'], limits };
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

/** A request of any framework, as the router needs it. */
export interface RouterRequest<Http = unknown> {
  readonly method: string;
  /** As on the wire. */
  readonly target: string;
  /** The sender; `undefined` when the request did not pass `cpgAuth`. */
  readonly cpg: Principal | undefined;
  /** The parsed body; `undefined` makes an endpoint with a body parse `rawBody`. */
  readonly body?: unknown;
  /** The signed bytes; `undefined` when the request did not pass `cpgAuth`. */
  readonly rawBody: Uint8Array | undefined;
  readonly http: Http;
  /** Leave an unknown path to the next handler, also of an authenticated request. */
  readonly leavesUnknown?: boolean;
  /** Gets the path template; see `startRecording` and `recordResponse`. */
  readonly recorder?: ResponseRecorder | undefined;
}

/** Marks requests to which the router always responds. */
interface AuthenticatedOnly {
  readonly cpg: Principal;
  readonly leavesUnknown?: never;
}

/** Responds to a request; `undefined` leaves an unknown path of an unauthenticated request to the next handler. */
export interface Router<Http = unknown> {
  (request: RouterRequest<Http> & AuthenticatedOnly): Promise<HttpResponse>;
  (request: RouterRequest<Http>): Promise<HttpResponse | undefined>;
}

/**
 * Makes the framework-free part of `routes`. Another method on a known path is 405 with `Allow`; an unknown path is 404 for an
 * authenticated request. Never rejects: what a handler throws is logged, and the response is 500. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const createRouter = <Http>(
  list: readonly Route<Http>[],
  options: RoutesOptions = {},
): Router<Http> => {
  assertOptions({ owner: 'routes', options, rules: RULES });
  assertValue({ name: 'routes: list', value: list, rule: aRouteList });
  const findRoutes = createRouteTable(list.map(toRow));
  rememberPermissions(list);
  const errorLog = new ErrorLog(options.logger);
  const respond = async (request: RouterRequest<Http>) => {
    const received = parseRequestTarget(request.target);
    if (isRejection(received)) return formatRejection(received);
    // What was signed, if a proxy has changed it: only its query is authentic.
    const signed = findSignedTarget(request.http, request.target) ?? received;
    const match = findRoutes(signed.path) ?? findRoutes(received.path);
    if (match === undefined) {
      if (request.cpg === undefined || request.leavesUnknown === true) return undefined;
      request.recorder?.rejected(REJECTIONS.not_found, 'routing');
      return formatRejection(REJECTIONS.not_found);
    }
    request.recorder?.routed(match.template);
    try {
      const { byMethod, pathParameters } = match;
      const cpg = assertAuthenticated(request.cpg);
      const found = byMethod.get(request.method);
      if (found === undefined) {
        return formatRejection(REJECTIONS.method_not_allowed, { Allow: [...byMethod.keys()].join(', ') });
      }
      const result = await decide(found, { request, cpg, pathParameters, query: signed.query });
      return isRejection(result) ? formatRejection(result) : formatSuccess(result);
    } catch (error) {
      return errorLog.formatError(error);
    }
  };
  return respond as Router<Http>;
};

interface RouteRow {
  readonly method: string;
  readonly path: string;
  readonly route: Route<never>;
  readonly limits: RouteLimits | undefined;
}

const toRow = (route: Route<never>): RouteRow => {
  const { method, path } = route.endpoint;
  return { method, path, route, limits: toRouteLimits(route.endpoint, route.limits) };
};

const limitsNotApplied = ({ method, path }: Endpoint) =>
  new ServerMiddlewareError(
    'limits_not_applied',
    `${method} ${path} has other limits in routes(list) than in cpgAuth. Pass the same list to both: cpgAuth({ keys, store, routes: list }).`,
  );

interface RouteCall {
  readonly request: RouterRequest;
  readonly cpg: Principal;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** As on the wire. */
  readonly query: string;
}

/** Permission, body syntax, schema, handler: the rest of the order of wire protocol §2.1. */
const decide = (
  { route: { endpoint, handler }, limits }: RouteRow,
  { request, cpg, pathParameters, query }: RouteCall,
): unknown => {
  if (!isLimitedAs(limits, findAdmitted(request.http)?.limits)) throw limitsNotApplied(endpoint);
  const { permission } = endpoint;
  if (permission !== null && !cpg.permissions.includes(permission)) return missingPermission(permission);

  const json = endpoint.body === null ? { value: undefined } : readJson(request);
  if (isRejection(json)) return json;

  const validated = validateRequest(endpoint, { pathParameters, query, body: json.value });
  if (isRejection(validated)) return validated;
  return handler({ ...validated, cpg, http: request.http as never });
};

const readJson = ({ body, rawBody }: RouterRequest) =>
  body === undefined ? parseJsonBody(rawBody as Uint8Array) : { value: body };
