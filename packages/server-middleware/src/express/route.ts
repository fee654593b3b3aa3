import type { DataOf, Endpoint, Rejection, ResponseOf, ValidatedRequest } from '@cpg/protocol';
import type { Request } from 'express';
import type { Page } from '../answers/page.ts';
import { aFunction, assertValue, type OptionRule } from '../options.ts';
import type { Principal } from '../principal.ts';

/** What a handler is given: the validated parts, who asks, and Express's request for all else. */
export type RouteRequest<E extends Endpoint> = ValidatedRequest<E> & {
  readonly cpg: Principal;
  readonly http: Request;
};

/** What a handler of an endpoint returns: its data, or for a paginated endpoint a `page(…)` of it. */
export type RouteResult<E extends Endpoint> =
  ResponseOf<E> extends { readonly has_more: boolean } ? Page<DataOf<E>> : DataOf<E>;

export type RouteHandler<E extends Endpoint> = (
  request: RouteRequest<E>,
) => RouteResult<E> | Rejection | Promise<RouteResult<E> | Rejection>;

/** An endpoint with the handler that serves it; made by {@link route}, mounted by `routes`. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly handler: (request: RouteRequest<Endpoint>) => unknown;
}

export const aHandler: OptionRule = aFunction;
export const anEndpoint: OptionRule = (value) => {
  const { method, path } = Object(value) as Partial<Endpoint>;
  return typeof method === 'string' && typeof path === 'string'
    ? undefined
    : 'be an endpoint of @cpg/protocol, e.g. endpoints.listBalances';
};

/**
 * Ties a handler to an endpoint of the protocol, which settles method, path, permission, validation and the type of the
 * answer. The handler returns the data, or a rejection; it may throw a `RejectionError`.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const route = <E extends Endpoint>(endpoint: E, handler: RouteHandler<E>): Route => {
  assertValue({ name: 'route: endpoint', value: endpoint, rule: anEndpoint });
  assertValue({ name: 'route: handler', value: handler, rule: aHandler });
  return { endpoint, handler: handler as unknown as Route['handler'] };
};
