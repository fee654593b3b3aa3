import { createServer } from 'node:http';
import { endpoints, REJECTIONS } from '@cpg/protocol';
import { drainUnreadBodies } from '@cpg/server-middleware/core';
import { type NodeAuthOptions, route, serveRoutes } from '@cpg/server-middleware/node';

const ROUTES = [
  route(endpoints.ping, () => ({ pong: true }) as const),
  route(endpoints.listBalances, () => []),
  route(endpoints.createWithdrawal, () => REJECTIONS.insufficient_available_balance),
];

/** Serves three endpoints on plain node:http. */
export const createApiServer = (options: NodeAuthOptions) =>
  drainUnreadBodies(createServer(serveRoutes(ROUTES, options)));
