import { createServer } from 'node:http';
import { isRejection, REJECTIONS } from '@cpg/protocol';
import {
  type AuthenticateOptions,
  authenticate,
  readBody,
  rejectionOf,
  sendRejection,
  sendSuccess,
} from '@cpg/server-middleware';

/** The framework-free core behind plain node:http: a server whose only endpoint is `GET /v1/_ping`. */
export const createPingServer = (options: AuthenticateOptions) =>
  createServer(async (request, response) => {
    const { method = '', url: target = '', rawHeaders, socket } = request;
    try {
      const outcome = await authenticate(
        {
          method,
          target,
          rawHeaders,
          clientIp: () => socket.remoteAddress,
          readBody: (limits) => readBody(request, limits),
        },
        options,
      );
      if (isRejection(outcome)) sendRejection(response, outcome);
      else if (target.split('?', 1)[0] !== '/v1/_ping') sendRejection(response, REJECTIONS.not_found);
      else if (method !== 'GET')
        sendRejection(response.setHeader('Allow', 'GET'), REJECTIONS.method_not_allowed);
      else sendSuccess(response, { pong: true });
    } catch (error) {
      sendRejection(response, rejectionOf(error));
    }
  });
