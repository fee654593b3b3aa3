// A service on Web-standard requests and one on AWS Lambda, compiled as `plain.ts` is: without the types of Node.js, and with the
// declarations of the packages checked.
import { createSigningKey, endpoints } from '@cpg/protocol';
import {
  authenticate,
  cachedKeys,
  drainUnreadBodies,
  getRejection,
  memoryStore,
  parseJsonBody,
  sendResponse,
} from '@cpg/server-middleware/core';
import {
  type CpgVariables,
  cpgAuth,
  requirePermission,
  route,
  routes,
  serveRoutes,
} from '@cpg/server-middleware/hono';
import * as lambda from '@cpg/server-middleware/lambda';
import { createPostgresSchema, postgresStore } from '@cpg/server-middleware/postgres';
import { redisStore } from '@cpg/server-middleware/redis';
// @boundaries-ignore installed by the consumer check, in the folder that it copies this file to
import { Hono } from 'hono';

const key = {
  ...{ keyId: 'ck_1', accountId: 'acct_1', permissions: ['read_balance'] as const },
  ...{ signingKeys: [createSigningKey('s')], rateLimitPerMinute: 60 },
};
const options = { keys: cachedKeys({ find: async () => key }), store: memoryStore() };
const list = [
  route(
    endpoints.ping,
    ({ http }) => ({ pong: new URL(http.url).pathname === '/v1/_ping' }) as { pong: true },
  ),
];

export const app = new Hono<{ Variables: CpgVariables }>();
app.use('/v1/*', cpgAuth(options));
app.post('/v1/echo', requirePermission('withdraw'), (c) => {
  const bytes: Uint8Array = c.get('rawBody');
  return c.text(`${c.get('cpg').accountId} ${bytes.length} ${c.get('rawBody').toString('utf8')}`);
});
app.use('/v1/*', routes(list));

// As in Next.js, Deno.serve, Bun.serve and Workers.
export const POST: (request: Request) => Promise<Response> = serveRoutes(list, options);
export default { fetch: serveRoutes(list, options) };

export const handler = lambda.serveRoutes(
  [lambda.route(endpoints.ping, () => ({ pong: true }) as const)],
  options,
);

export const authenticateBytes = async (body: Uint8Array): Promise<string> => {
  const request = { method: 'POST', target: '/v1/x', rawHeaders: [], clientIp: () => undefined };
  const outcome = await authenticate({ ...request, readBody: () => body }, options).catch(getRejection);
  return 'principal' in outcome ? outcome.body.toString('latin1') : outcome.message;
};

export const others = {
  ...{ createPostgresSchema, drainUnreadBodies, parseJsonBody, postgresStore, redisStore, sendResponse },
};
