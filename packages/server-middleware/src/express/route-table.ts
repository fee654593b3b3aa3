import type { Endpoint } from '@cpg/protocol';
import { ServerMiddlewareError } from '../errors.ts';

/** What a table holds: anything that serves or describes an endpoint. */
interface WithEndpoint {
  readonly endpoint: Endpoint;
}

/** Routes of one path, by method. */
interface PathEntry<Route> {
  readonly pattern: RegExp;
  readonly parameterNames: readonly string[];
  readonly byMethod: Map<string, Route>;
}

/** What a path leads to: its routes by method, and the values of its parameters as sent. */
export interface RouteMatch<Route> {
  readonly byMethod: ReadonlyMap<string, Route>;
  readonly pathParameters: Readonly<Record<string, string>>;
}

const PARAMETER = /\{([a-z_]+)\}/g;

/**
 * Looks up routes by the path on the wire, byte for byte: what was signed is what is routed, so nothing is decoded, no case
 * folded, no slash forgiven.
 */
export class RouteTable<Route extends WithEndpoint> {
  readonly #byTemplate = new Map<string, PathEntry<Route>>();

  /** @throws ServerMiddlewareError `duplicate_route` */
  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
  }

  find(path: string): RouteMatch<Route> | undefined {
    const exact = this.#byTemplate.get(path);
    if (exact?.parameterNames.length === 0) return { byMethod: exact.byMethod, pathParameters: {} };
    for (const { pattern, parameterNames, byMethod } of this.#byTemplate.values()) {
      const values = parameterNames.length === 0 ? null : pattern.exec(path);
      if (values === null) continue;
      const pairs = parameterNames.map((name, index) => [name, values[index + 1] as string]);
      return { byMethod, pathParameters: Object.fromEntries(pairs) };
    }
    return undefined;
  }

  #add(route: Route): void {
    const { method, path } = route.endpoint;
    const parameterNames = [...path.matchAll(PARAMETER)].map((match) => match[1] as string);
    const source = path.replace(/[.]/g, '\\.').replace(PARAMETER, '([^/]+)');
    const entry = this.#byTemplate.get(path) ?? {
      pattern: new RegExp(`^${source}$`),
      parameterNames,
      byMethod: new Map<string, Route>(),
    };
    if (entry.byMethod.has(method)) {
      throw new ServerMiddlewareError('duplicate_route', `${method} ${path} has two handlers; keep one.`);
    }
    entry.byMethod.set(method, route);
    this.#byTemplate.set(path, entry);
  }
}
