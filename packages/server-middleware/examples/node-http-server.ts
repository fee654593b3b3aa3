import { createServer, type IncomingMessage } from 'node:http';
import { endpoints, isRejection, missingPermission, REJECTIONS, validateRequest } from '@cpg/protocol';
import * as cpg from '@cpg/server-middleware/core';

const HANDLERS = [
  { endpoint: endpoints.ping, handle: () => ({ pong: true }) },
  { endpoint: endpoints.listBalances, handle: () => [] },
  { endpoint: endpoints.createWithdrawal, handle: () => REJECTIONS.insufficient_available_balance },
];

/** Serves the core with plain node:http: authentication, permission, body syntax, schema, then the handler. */
export const createApiServer = (options: cpg.AuthenticateOptions) =>
  cpg.drainUnreadBodies(
    createServer(async (request, response) => {
      const result = await respond(request, options).catch(cpg.getRejection);
      if (result === REJECTIONS.method_not_allowed)
        response.setHeader('Allow', getAllowedMethods(request).join(', '));
      if (isRejection(result)) cpg.sendRejection(response, result);
      else cpg.sendSuccess(response, result);
    }),
  );

const respond = async (request: IncomingMessage, options: cpg.AuthenticateOptions): Promise<unknown> => {
  const { method = '', url: target = '', rawHeaders, socket } = request;
  const clientIp = () => socket.remoteAddress;
  const readBody = (limits: cpg.BodyLimits) => cpg.readBody(request, limits);
  const outcome = await cpg.authenticate({ method, target, rawHeaders, clientIp, readBody }, options);
  if (isRejection(outcome)) return outcome;

  const [path, ...query] = target.split('?');
  const found = HANDLERS.find(({ endpoint }) => endpoint.path === path && endpoint.method === method);
  if (found === undefined)
    return getAllowedMethods(request).length > 0 ? REJECTIONS.method_not_allowed : REJECTIONS.not_found;
  const { permission, body: schema } = found.endpoint;
  if (permission !== null && !outcome.principal.permissions.includes(permission))
    return missingPermission(permission);
  const json = schema === null ? { value: undefined } : cpg.parseJsonBody(outcome.body);
  if (isRejection(json)) return json;
  const parts = { pathParameters: {}, query: query.join('?'), body: json.value };
  const validated = validateRequest(found.endpoint, parts);
  return isRejection(validated) ? validated : found.handle();
};

const getAllowedMethods = ({ url = '' }: IncomingMessage) =>
  HANDLERS.filter(({ endpoint }) => endpoint.path === url.split('?', 1)[0]).map(
    ({ endpoint }) => endpoint.method,
  );
