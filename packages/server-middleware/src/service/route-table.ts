import {
  type AnyPermission,
  createPathMatcher,
  type Endpoint,
  findPermissionMistake,
  isPathTemplate,
} from '@cpg/protocol';
import type { RouteRate } from '../admission/admission-store.ts';
import type { RouteLimits } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import {
  aString,
  assertOptions,
  type OptionRule,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  wholeNumber,
} from '../options.ts';

/** The limits of one route; the third argument of `route`. */
export interface RouteOptions {
  /** Maximum bytes of the body, more or fewer than the `bodyLimit` of `cpgAuth`. @default that limit */
  readonly bodyLimit?: number | undefined;
  /** Milliseconds to receive the whole body, for a route with large ones. @default the `bodyTimeoutMs` of `cpgAuth` */
  readonly bodyTimeoutMs?: number | undefined;
  /** Requests per key and epoch minute, on top of the limit of the key. @default no further limit */
  readonly rateLimitPerMinute?: number | undefined;
}

/** A path that is served by a handler of the framework, for the option `routes` of `cpgAuth`. */
export interface RouteRule extends RouteOptions {
  /** In capitals; GET includes HEAD. */
  readonly method: string;
  /**
   * As signed, or as received; parameters in braces, such as `/v1/invoices/{invoice_id}`. Case and a slash at the end do not
   * matter, as in Express by default.
   */
  readonly path: string;
  /**
   * The permission that the handler requires; then a malformed JSON body is rejected after it. `null` if it requires none.
   * @default unknown
   */
  readonly permission?: AnyPermission | null | undefined;
}

/** A route of `routes`, of any framework. */
interface EndpointRoute {
  readonly endpoint: Endpoint;
  readonly limits?: RouteOptions | undefined;
}

/** A row of the option `routes` of `cpgAuth`: what `route` made, or a {@link RouteRule}. */
export type KnownRoute = EndpointRoute | RouteRule;

const LIMIT_RULES: OptionRules<RouteOptions> = {
  bodyLimit: optional(positiveInteger),
  bodyTimeoutMs: optional(timerMs),
  rateLimitPerMinute: optional(wholeNumber),
};

/** @throws ServerMiddlewareError `invalid_option` */
export const assertRouteOptions = (options: RouteOptions | undefined): void =>
  assertOptions({ owner: 'route', options, rules: LIMIT_RULES });

const aPath: OptionRule = (value) =>
  typeof value === 'string' && isPathTemplate(value)
    ? undefined
    : 'be a path such as /v1/invoices/{invoice_id}, with at most one parameter in a segment, in braces';

const RULE_RULES: OptionRules<RouteRule> = {
  method: (value) =>
    aString(value) ??
    (/^[A-Z]+$/.test(value as string) ? undefined : 'be a method in capitals, such as POST'),
  path: aPath,
  permission: optional((value) => (value === null ? undefined : findPermissionMistake(value))),
  ...LIMIT_RULES,
};

/** A row of a table of routes. */
export interface TableRow {
  readonly method: string;
  readonly path: string;
}

/** The rows of one path. */
export interface PathMatch<Row> {
  /** The path with parameters in braces. */
  readonly template: string;
  readonly byMethod: ReadonlyMap<string, Row>;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Makes a function that finds the rows of a path. A path without parameters takes precedence.
 *
 * @throws ServerMiddlewareError `duplicate_route`
 */
export const createRouteTable = <Row extends TableRow>(
  rows: readonly Row[],
): ((path: string) => PathMatch<Row> | undefined) => {
  const byTemplate = new Map<string, Map<string, Row>>();
  for (const row of rows) {
    const byMethod = byTemplate.get(row.path) ?? new Map<string, Row>();
    if (byMethod.has(row.method)) {
      throw new ServerMiddlewareError(
        'duplicate_route',
        `${row.method} ${row.path} has two handlers; keep one.`,
      );
    }
    byTemplate.set(row.path, byMethod.set(row.method, row));
  }
  const hasParameters = ([template]: readonly [string, unknown]) => Number(template.includes('{'));
  const entries = [...byTemplate]
    .sort((one, other) => hasParameters(one) - hasParameters(other))
    .map(([template, byMethod]) => ({ template, byMethod, matchPath: createPathMatcher(template) }));
  return (path) => {
    for (const { template, byMethod, matchPath } of entries) {
      const pathParameters = matchPath(path);
      if (pathParameters !== undefined) return { template, byMethod, pathParameters };
    }
    return undefined;
  };
};

/** What `cpgAuth` knows of a route before it authenticates a request. */
export interface KnownRow extends TableRow {
  readonly permission: AnyPermission | null | undefined;
  /** Whether `routes` serves it: then it also responds to other methods on the path. */
  readonly isEndpoint: boolean;
  readonly takesBody: boolean;
  /** `undefined` without limits of its own. */
  readonly limits: RouteLimits | undefined;
}

/** Finds the rows of the first of several paths that is known. */
export type FindKnownRoutes = (paths: readonly string[]) => PathMatch<KnownRow> | undefined;

/**
 * Makes the table of the option `routes`. Endpoints match byte for byte, as in `routes(list)`. Rules match as Express does by
 * default, without regard to case and to a slash at the end: another spelling must not evade a limit.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const createKnownRoutes = (routes: readonly KnownRoute[]): FindKnownRoutes => {
  const rows = routes.map(toKnownRow);
  createRouteTable(rows);
  const findEndpoint = createRouteTable(rows.filter(({ isEndpoint }) => isEndpoint));
  const rules = rows.filter(({ isEndpoint }) => !isEndpoint);
  const findRule = createRouteTable(rules.map((row) => ({ ...row, path: withoutSpelling(row.path) })));
  return (paths) => {
    for (const path of paths) {
      const match = findEndpoint(path) ?? findRule(withoutSpelling(path));
      if (match !== undefined) return match;
    }
    return undefined;
  };
};

const withoutSpelling = (path: string): string => path.toLowerCase().replace(/(?<=.)\/$/, '');

/** Returns the row of a request; Express serves HEAD with the handler of GET. */
export const findKnownRow = (match: PathMatch<KnownRow> | undefined, method: string): KnownRow | undefined =>
  match?.byMethod.get(method) ?? (method === 'HEAD' ? match?.byMethod.get('GET') : undefined);

/** The methods whose handlers read no body. */
export const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const toKnownRow = (route: KnownRoute, index: number): KnownRow => {
  if ('endpoint' in route) {
    const { method, path, permission, body } = route.endpoint;
    const limits = toRouteLimits(route.endpoint, route.limits);
    return { method, path, permission, limits, isEndpoint: true, takesBody: body !== null };
  }
  assertOptions({ owner: `cpgAuth: routes ${index}`, options: route, rules: RULE_RULES });
  const { method, path, permission } = route;
  const takesBody = !METHODS_WITHOUT_BODY.has(method);
  return { method, path, permission, limits: toRouteLimits(route, route), isEndpoint: false, takesBody };
};

/** The limits as `authenticate` applies them. */
export const toRouteLimits = (
  { method, path }: TableRow,
  { bodyLimit, bodyTimeoutMs, rateLimitPerMinute }: RouteOptions = {},
): RouteLimits | undefined => {
  const limits = [bodyLimit, bodyTimeoutMs, rateLimitPerMinute];
  if (limits.every((limit) => limit === undefined)) return undefined;
  const rate =
    rateLimitPerMinute === undefined ? undefined : { id: `${method} ${path}`, limit: rateLimitPerMinute };
  return { bodyLimit, bodyTimeoutMs, rate };
};

/** Whether a request was admitted with the limits of its route; a route without limits has no wish. */
export const isLimitedAs = (wanted: RouteLimits | undefined, applied: RouteLimits | undefined): boolean =>
  wanted === undefined ||
  (wanted.bodyLimit === applied?.bodyLimit &&
    wanted.bodyTimeoutMs === applied?.bodyTimeoutMs &&
    isSameRate(wanted.rate, applied?.rate));

/** Whether two rates are counted together. */
export const isSameRate = (one: RouteRate | undefined, other: RouteRate | undefined): boolean =>
  one?.id === other?.id && one?.limit === other?.limit;

const isKnownRoute = (value: unknown): boolean => {
  const { endpoint = value } = Object(value) as { readonly endpoint?: unknown };
  const { method, path } = Object(endpoint) as Partial<TableRow>;
  return typeof method === 'string' && typeof path === 'string';
};

/** The rule for the option `routes`. */
export const aKnownRouteList: OptionRule = (value) =>
  Array.isArray(value) && value.every(isKnownRoute)
    ? undefined
    : 'be a list of routes made by route(endpoint, handler), or of { method, path } with limits';
