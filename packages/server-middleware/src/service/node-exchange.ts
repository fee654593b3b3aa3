import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestToAuthenticate } from '../authenticate/request.ts';
import { readBody } from '../http/read-body.ts';
import { recordResponse } from '../observability/response-event.ts';

/** Describes a request of `node:http`, of which every framework on Node.js has one. */
export const describeNodeRequest = (
  message: IncomingMessage,
  { target, clientIp, recorder }: Pick<RequestToAuthenticate, 'target' | 'clientIp' | 'recorder'>,
): RequestToAuthenticate => {
  // Once read, Node.js remembers the address of a connection that is lost before the check of the source IP.
  message.socket?.remoteAddress;
  return {
    recorder,
    method: message.method as string,
    target,
    rawHeaders: message.rawHeaders,
    clientIp,
    readBody: (limits) => readBody(message, limits),
  };
};

/** Describes a request of `node:http`, and starts recording its response. */
export const describeExchange = (
  message: IncomingMessage,
  response: ServerResponse,
  { target, clientIp }: Pick<RequestToAuthenticate, 'target' | 'clientIp'>,
): RequestToAuthenticate => {
  const recorder = recordResponse(response, () => ({
    method: message.method as string,
    target,
    clientIp: findClientIp(clientIp),
    requestId: message.headers['x-request-id'],
  }));
  return describeNodeRequest(message, { target, clientIp, recorder });
};

/** The client's address for a record; a function of the caller may throw, which `admit` reports for keys with a whitelist. */
export const findClientIp = (getClientIp: () => string | undefined): string | undefined => {
  try {
    return getClientIp();
  } catch {
    return undefined;
  }
};

/** The target as on the wire; routers such as connect shorten `url` and keep `originalUrl`. */
export const getNodeTarget = (message: IncomingMessage): string => {
  const { originalUrl } = message as { readonly originalUrl?: string };
  return originalUrl ?? (message.url as string);
};
