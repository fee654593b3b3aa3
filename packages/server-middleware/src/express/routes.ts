import { isRejection, parseRequestTarget, REJECTIONS } from '@cpg/protocol';
import type { RequestHandler, Response } from 'express';
import { sendRejection } from '../answers/send-rejection.ts';
import { FaultLog } from '../fault-log.ts';
import type { Logger } from '../logger.ts';
import {
  aLogger,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
} from '../options.ts';
import { answerError } from './answer-error.ts';
import { assertAuthenticated } from './assert-authenticated.ts';
import { aHandler, anEndpoint, type Route } from './route.ts';
import { RouteTable } from './route-table.ts';
import { serveRoute } from './serve-route.ts';

export interface RoutesOptions {
  /** Where faults of handlers are logged; a pino logger fits. @default Node's process warnings */
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
 * Serves routes: `app.use(routes([route(endpoint, handler), …]))` at the root of the app, behind `cpgAuth`, as endpoint paths
 * include `/v1`. Another method on a known path is 405 with `Allow`; an authenticated request for an unknown path is 404, an
 * unauthenticated one (outside the reach of cpgAuth) goes on to the next handler. Contract §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`; on a request, `authentication_missing` is logged and answered 500.
 */
export const routes = (list: readonly Route[], options: RoutesOptions = {}): RequestHandler => {
  assertOptions({ owner: 'routes', options, rules: RULES });
  assertValue({ name: 'routes: list', value: list, rule: aRouteList });
  const table = new RouteTable(list);
  const faults = new FaultLog(options.logger);
  return async (request, response, next) => {
    const target = parseRequestTarget(request.originalUrl);
    if (isRejection(target)) {
      sendRejection(response, target);
      return;
    }
    const match = table.find(target.path);
    if (match === undefined) {
      if (request.cpg === undefined) next();
      else sendRejection(response, REJECTIONS.not_found);
      return;
    }
    try {
      assertAuthenticated(request);
      const { byMethod, pathParameters } = match;
      const route = byMethod.get(request.method);
      if (route === undefined) refuseMethod(response, [...byMethod.keys()]);
      else await serveRoute(route, { http: request, response, pathParameters, query: target.query });
    } catch (error) {
      answerError(error, response, faults);
    }
  };
};

const refuseMethod = (response: Response, allowed: readonly string[]): void => {
  response.setHeader('Allow', allowed.join(', '));
  sendRejection(response, REJECTIONS.method_not_allowed);
};
