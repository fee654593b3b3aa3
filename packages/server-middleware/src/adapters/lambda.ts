import type { AnyPermission } from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import type { BodyBytes } from '../http/body-collector.ts';
import { aFunction, type OptionRules, optional } from '../options.ts';
import * as service from '../service/index.ts';
import {
  describeLambdaEvent,
  type LambdaEvent,
  type LambdaResponse,
  toLambdaResponse,
} from './lambda-event.ts';

export type { LambdaEvent, LambdaResponse };

/** `originalTarget` gets the event, and returns the target that the client signed, where AWS changed it. */
export interface LambdaAuthOptions
  extends service.CpgAuthOptions,
    Pick<service.HookOptions<LambdaEvent>, 'originalTarget'> {}

type Outcome = service.AdmittedRequest | service.HttpResponse;

const RULES: OptionRules<LambdaAuthOptions> = {
  ...service.GATE_RULES,
  originalTarget: optional(aFunction),
};

/** An event that passed `cpgAuth`. */
export interface AuthenticatedEvent {
  readonly event: LambdaEvent;
  readonly cpg: Principal;
  /** The body bytes that were signed. */
  readonly rawBody: BodyBytes;
  /** Those bytes parsed as JSON; `undefined` without a body, and with `json: false`. */
  readonly body: unknown;
  readonly response?: undefined;
}

/** An event that was rejected, with the response to return. */
export interface RejectedEvent {
  readonly response: LambdaResponse;
}

/**
 * Authenticates events of API Gateway (payload format 1.0 and 2.0), function URLs and Application Load Balancers:
 * `const request = await auth(event); if (request.response) return request.response;`. Wire protocol §1–3.
 *
 * The signature covers the target as it was sent, which not every event has: API Gateway decodes paths, and queries in format
 * 1.0. Such a request is rejected, never admitted; see the documentation.
 *
 * @throws ServerMiddlewareError `invalid_option`; on an event, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: LambdaAuthOptions) => {
  const gate = new service.Gate(options, RULES);
  return async (event: LambdaEvent): Promise<AuthenticatedEvent | RejectedEvent> => {
    const outcome = (await gate.enter(describeLambdaEvent(event), event)) as Outcome;
    if (service.isResponse(outcome)) return { response: toLambdaResponse(event, outcome) };
    const { cpg, rawBody, json } = outcome;
    return { event, cpg, rawBody, body: json?.value };
  };
};

/**
 * Returns the response to a sender without the permission (403), or to a body that is not JSON (400):
 * `const response = requireWithdraw(request); if (response) return response;`. Wire protocol §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const requirePermission = (permission: AnyPermission) => {
  const check = service.createPermissionCheck(permission);
  return ({ cpg, event }: AuthenticatedEvent): LambdaResponse | undefined => {
    const rejection = check(cpg, event);
    return rejection && toLambdaResponse(event, service.formatRejection(rejection));
  };
};

/** Makes a route whose handler gets the event as `http`. See `route` of the main entry point. */
export const route: service.RouteFactory<LambdaEvent> = service.route;

/**
 * Makes a Lambda handler that authenticates every event and serves routes:
 * `export const handler = serveRoutes(list, { keys, store })`. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const serveRoutes = (list: readonly service.Route<LambdaEvent>[], options: LambdaAuthOptions) => {
  const gate = new service.Gate({ routes: list, ...options }, RULES);
  const respond = service.createRouter(list, { logger: options.logger });
  return async (event: LambdaEvent): Promise<LambdaResponse> => {
    const described = describeLambdaEvent(event);
    const outcome = (await gate.enter(described, event)) as Outcome;
    if (service.isResponse(outcome)) return toLambdaResponse(event, outcome);
    const { method, target, recorder } = described;
    const { cpg, rawBody, json } = outcome;
    const parts = { method, target, cpg, rawBody, body: json?.value, recorder, http: event };
    return toLambdaResponse(event, await respond(parts));
  };
};
