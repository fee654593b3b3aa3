// A service on node:http, in a project without Express.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createSigningKey, endpoints, isRejection, signRequest } from '@cpg/protocol';
import {
  authenticate,
  getRejection,
  memoryStore,
  readBody,
  route,
  sendRejection,
  sendSuccess,
  staticKeys,
} from '@cpg/server-middleware/core';
import { serveRoutes } from '@cpg/server-middleware/node';
import { postgresStore } from '@cpg/server-middleware/postgres';
import { redisStore } from '@cpg/server-middleware/redis';

const require = createRequire(import.meta.url);
for (const name of [
  'express',
  'express-rate-limit',
  'fastify',
  'hono',
  'koa',
  '@nestjs/core',
  'redis',
  'ioredis',
])
  assert.throws(() => require.resolve(name), name);
for (const path of ['core', 'redis', 'node', 'fastify', 'hono', 'koa', 'lambda'])
  assert.ok(require(`@cpg/server-middleware/${path}`));
assert.throws(() => redisStore({}), /redisStore needs a client/);
assert.throws(() => postgresStore({}), /must be a pool of pg/);

const key = createSigningKey('consumer-secret-DO-NOT-USE-IN-PRODUCTION');
const keys = staticKeys([
  { keyId: 'ck_1', accountId: 'acct_1', signingKeys: [key], permissions: [], rateLimitPerMinute: 60 },
]);
const options = { keys, store: memoryStore() };

const server = createServer(async (request, response) => {
  const { method, url: target, rawHeaders, socket } = request;
  const outcome = await authenticate(
    {
      ...{ method, target, rawHeaders },
      clientIp: () => socket.remoteAddress,
      readBody: (limits) => readBody(request, limits),
    },
    options,
  ).catch(getRejection);
  if (isRejection(outcome)) sendRejection(response, outcome);
  else sendSuccess(response, outcome.principal.accountId);
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const target = '/v1/_ping';
const timestamp = Math.floor(Date.now() / 1000);
const { headers } = signRequest({ keyId: 'ck_1', key, method: 'GET', target, timestamp });
const url = `http://127.0.0.1:${server.address().port}${target}`;
const first = await fetch(url, { headers });
assert.deepEqual([first.status, (await first.json()).data], [200, 'acct_1']);
assert.equal((await fetch(url, { headers })).status, 401);
server.close();
server.closeAllConnections();

const routes = [route(endpoints.ping, () => ({ pong: true }))];
const served = createServer(serveRoutes(routes, { ...options, store: memoryStore() })).listen(0, '127.0.0.1');
await once(served, 'listening');
const response = await fetch(`http://127.0.0.1:${served.address().port}${target}`, { headers });
assert.deepEqual([response.status, (await response.json()).data], [200, { pong: true }]);
served.close();
served.closeAllConnections();
