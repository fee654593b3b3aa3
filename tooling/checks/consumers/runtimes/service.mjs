// A service of the installed middleware on Web-standard requests, for any server that has them. The handlers are exported by
// method, as those of Next.js are; `app` is the same with Hono.
import { createSigningKey, endpoints } from '@cpg/protocol';
import { memoryStore, staticKeys } from '@cpg/server-middleware/core';
import { cpgAuth, requirePermission, route, routes, serveRoutes } from '@cpg/server-middleware/hono';
import { Hono } from 'hono';

export const SECRET = 'consumer-secret-DO-NOT-USE-IN-PRODUCTION';

const createKey = (keyId, rest) => ({
  ...{ keyId, accountId: 'acct_1', signingKeys: [createSigningKey(SECRET)], rateLimitPerMinute: 1_000 },
  ...{ permissions: ['read_balance', 'withdraw'], ...rest },
});

const row = { network: 'ETH', balance: '1.50', held: '0.50', available: '1.00' };
const list = [
  route(endpoints.ping, () => ({ pong: true })),
  route(endpoints.listBalances, ({ query }) => [{ ...row, currency: query.currency }]),
  route(endpoints.createWithdrawal, () => {
    throw new Error('a handler that fails');
  }),
];

/** Created at the first request: a worker may not use random numbers while it loads. */
let handlers;

const create = () => {
  const keys = staticKeys([
    createKey('ck_full'),
    createKey('ck_none', { permissions: [] }),
    createKey('ck_once', { rateLimitPerMinute: 0 }),
    createKey('ck_here', { sourceIps: ['192.0.2.7'] }),
    createKey('ck_elsewhere', { sourceIps: ['198.51.100.0/24'] }),
  ]);
  const options = {
    ...{ keys, store: memoryStore(), logger: { warn: () => {}, error: () => {} } },
    clientIp: () => '192.0.2.7',
  };
  const app = new Hono();
  app.use(cpgAuth(options));
  app.post('/own/echo', requirePermission('withdraw'), async (c) =>
    c.json({ raw: c.get('rawBody').toString('utf8'), body: c.get('body'), again: await c.req.text() }),
  );
  app.use(routes(list));
  return { serve: serveRoutes(list, options), app };
};

const handle = (request, platform) => {
  handlers ??= create();
  // Two parts of one service, which share the store.
  return new URL(request.url).pathname.startsWith('/own/')
    ? handlers.app.fetch(request)
    : handlers.serve(request, platform);
};

export { handle as DELETE, handle as GET, handle as POST };
