import { type AnyPermission, REJECTIONS } from '@cpg/protocol';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Principal } from '../authenticate/request.ts';
import * as service from '../service/index.ts';
import { getFastifyClientIp } from './client-ip.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The sender of the request; set by `cpgAuth`, and missing where it is not registered. */
    cpg?: Principal;
    /** The body bytes that were signed; set by `cpgAuth`. */
    signedBody?: Buffer;
  }
}

export interface FastifyAuthOptions extends service.CpgAuthOptions, service.HookOptions<FastifyRequest> {}

/** A plugin whose hooks also apply to the scope that registers it, as `fastify-plugin` makes them. */
const shared = <Options extends object>(plugin: FastifyPluginAsync<Options>, name: string) =>
  Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
  });

/**
 * Fastify plugin that admits only authenticated, fresh, single-use requests within their rate limit, in the scope that registers
 * it: `app.register(cpgAuth, { keys, store })`. Sets `request.cpg`, `request.signedBody` and `request.body`, and replaces the
 * content type parsers of the scope, since the type is not signed (not with `json: false`). Wire protocol §1–3.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, a wrong set-up is logged, and the response is 500.
 */
export const cpgAuth = shared<FastifyAuthOptions>(async (app, options) => {
  const gate = new service.Gate(options, { ...service.GATE_RULES, ...service.HOOK_RULES });
  // A scope outside may have registered it too.
  if (!app.hasRequestDecorator('cpg')) app.decorateRequest('cpg').decorateRequest('signedBody');
  if (options.json ?? true) {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (request, _payload, parsed) => parsed(null, request.body));
  }
  // Before routes parse, and after the onRequest hooks of rate limits and the like.
  // biome-ignore lint/complexity/useMaxParams: Fastify waits for a promise of a hook that does not take four.
  app.addHook('preParsing', (request, reply, _payload, next) => {
    gate
      .enter(describe(request, reply), request)
      .then((outcome) => {
        if (outcome === undefined) return next();
        if (service.isResponse(outcome)) return send(reply, outcome);
        const { cpg, rawBody, json } = outcome;
        Object.assign(request, { cpg, signedBody: rawBody });
        if (json !== undefined) {
          request.body = json.value;
          // Fastify rejects content types that it cannot parse.
          request.headers = { 'content-type': 'application/json' };
        }
        return next();
      })
      .catch(next);
  });
}, 'cpgAuth');

const describe = (request: FastifyRequest, reply: FastifyReply) =>
  service.describeExchange(request.raw, reply.raw, {
    target: request.originalUrl,
    clientIp: () => getFastifyClientIp(request),
  });

const send = (reply: FastifyReply, response: service.HttpResponse): void => {
  service.prepareResponse(reply.raw, response);
  reply.code(response.status).headers(response.headers).send(response.body);
};

/**
 * Rejects keys without the permission (403), then bodies that are not JSON (400): `{ onRequest: … }` is too early, so
 * `app.get(path, { preHandler: requirePermission('read_balance') }, handler)`. Wire protocol §2, restriction 5.
 *
 * @throws ServerMiddlewareError `invalid_option`; on a request, `authentication_missing` without cpgAuth.
 */
export const requirePermission = (permission: AnyPermission): onRequestHookHandler => {
  const check = service.createPermissionCheck(permission);
  return (request, reply, next) => {
    const rejection = check(request.cpg, request);
    if (rejection === undefined) next();
    else send(reply, service.formatRejection(rejection));
  };
};

/** Makes a route whose handler gets Fastify's request as `http`. See `route` of the main entry point. */
export const route: service.RouteFactory<FastifyRequest> = service.route;

/**
 * Serves routes as the scope's handler of unknown paths, so Fastify's own routes take precedence: `app.register(routes(list))`.
 * Wire protocol §2.1, §4.
 *
 * @throws ServerMiddlewareError `invalid_option`, `duplicate_route`
 */
export const routes = (
  list: readonly service.Route<FastifyRequest>[],
  options: service.RoutesOptions = {},
) => {
  const respond = service.createRouter(list, options);
  return shared(async (app) => {
    app.setNotFoundHandler(async (request, reply) => {
      const { method, originalUrl: target, cpg, body, signedBody: rawBody } = request;
      const recorder = service.getRecorder(reply.raw);
      const response = await respond({ method, target, cpg, body, rawBody, recorder, http: request });
      send(reply, response ?? service.formatRejection(REJECTIONS.not_found));
      return reply;
    });
  }, 'cpgRoutes');
};

/** Responds to errors of handlers in the envelope: `app.setErrorHandler(errorHandler())`. Logs 5xx. */
export const errorHandler = (options: service.RoutesOptions = {}) => {
  const errorLog = new service.ErrorLog(options.logger);
  return (error: unknown, _request: FastifyRequest, reply: FastifyReply): void =>
    send(reply, errorLog.formatError(error));
};
