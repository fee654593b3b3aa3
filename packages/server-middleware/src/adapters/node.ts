import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AnyPermission } from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import { aFunction, type OptionRules, optional } from '../options.ts';
import * as service from '../service/index.ts';

/** The properties that `cpgAuth` adds to a request. */
export interface AuthenticatedParts {
  readonly cpg: Principal;
  /** The body bytes that were signed. */
  readonly rawBody: Buffer;
  /** Those bytes parsed as JSON; `undefined` without a body, and with `json: false`. */
  readonly body: unknown;
}

/** A request of `node:http` that passed `cpgAuth`. */
export type CpgRequest = IncomingMessage & AuthenticatedParts;

export interface NodeAuthOptions
  extends service.CpgAuthOptions,
    Pick<service.HookOptions<IncomingMessage>, 'originalTarget'> {
  /** Returns the client's address, for keys with a whitelist. @default the address of the socket */
  readonly clientIp?: ((request: IncomingMessage) => string | undefined) | undefined;
}

const RULES: OptionRules<NodeAuthOptions> = {
  ...service.GATE_RULES,
  originalTarget: optional(aFunction),
  clientIp: optional(aFunction),
};

/**
 * Authenticates requests of `node:http`: `const request = await auth(req, res)`. Returns the request with `cpg`, `rawBody` and
 * `body`; or `undefined` after it sent the response that rejects the request. Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = (options: NodeAuthOptions) => {
  const gate = new service.Gate(options, RULES);
  const { clientIp = (request: IncomingMessage) => request.socket.remoteAddress } = options;
  return async (request: IncomingMessage, response: ServerResponse): Promise<CpgRequest | undefined> => {
    const described = service.describeExchange(request, response, {
      target: service.getNodeTarget(request),
      clientIp: () => clientIp(request),
    });
    const outcome = await gate.enter(described, request);
    if (outcome === undefined) return request as CpgRequest;
    if (service.isResponse(outcome)) {
      service.sendResponse(response, outcome);
      return undefined;
    }
    const { cpg, rawBody, json } = outcome;
    return Object.assign(request, { cpg, rawBody }, json && { body: json.value }) as CpgRequest;
  };
};

/**
 * Returns whether the sender has the permission: `if (!requireWithdraw(request, response)) return;`. Otherwise it sent the 403, or
 * the 400 of a body that is not JSON.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const requirePermission = (permission: AnyPermission) => {
  const check = service.createPermissionCheck(permission);
  return (request: CpgRequest, response: ServerResponse): boolean => {
    const rejection = check(request.cpg, request);
    if (rejection !== undefined) service.sendRejection(response, rejection);
    return rejection === undefined;
  };
};

/** Makes a route whose handler gets the request of `node:http` as `http`. See `route` of the main entry point. */
export const route: service.RouteFactory<IncomingMessage> = service.route;

/**
 * Makes a listener that authenticates every request and serves routes: `createServer(serveRoutes(list, { keys, store }))`. An
 * unknown path is 404, another method on a known path 405 with `Allow`. Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const serveRoutes = (
  list: readonly service.Route<IncomingMessage>[],
  options: NodeAuthOptions,
): RequestListener => {
  const authenticate = cpgAuth({ routes: list, ...options });
  const respond = service.createRouter(list, { logger: options.logger });
  return async (message, response) => {
    const request = await authenticate(message, response);
    if (request === undefined) return;
    const { cpg, rawBody, body, method = '' } = request;
    const parts = { method, target: service.getNodeTarget(request), cpg, rawBody, body, http: request };
    const recorder = service.getRecorder(response);
    service.sendResponse(response, await respond({ ...parts, recorder }));
  };
};
