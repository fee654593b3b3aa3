// The verified body can be read again. That rests on how Node's streams work, so it runs on every version of Node.js.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { cpgAuth, memoryStore, staticKeys } from '@cpg/server-middleware';
import express from 'express';

const key = createSigningKey('consumer-secret-DO-NOT-USE-IN-PRODUCTION');
const keys = staticKeys([
  { keyId: 'ck_1', accountId: 'acct_1', signingKeys: [key], permissions: [], rateLimitPerMinute: 60 },
]);
const listen = async (listener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}` };
};
const upstream = await listen(async (request, response) => response.end(await buffer(request)));

/** Requests whose "close" was emitted: those that Node has let go. */
let closed = 0;
const app = express();
app.use(async (request, _response, next) => {
  request.once('close', () => {
    closed += 1;
  });
  // As a rate limiter does that asks Redis.
  while (request.path === '/waits' && !request.complete && request.readableLength < 60_000) await nextTurn();
  next();
});
app.use(cpgAuth({ keys, store: memoryStore(), json: false }));
app.post('/unread', (_request, response) => response.send('unread'));
app.use(async (request, response) => {
  const received = await fetch(upstream.url, { method: 'POST', body: request, duplex: 'half' });
  response.send(Buffer.from(await received.arrayBuffer()));
});
const service = await listen(app);

const body = new Uint8Array(200_000).fill(120);
const timestamp = Math.floor(Date.now() / 1000);
for (const [target, expected] of [
  ['/', body.length],
  ['/waits', body.length],
  ['/unread', 6],
  ['/waits?2', body.length],
]) {
  const { headers } = signRequest({ keyId: 'ck_1', key, method: 'POST', target, body, timestamp });
  const response = await fetch(service.url + target, { method: 'POST', headers, body });
  assert.deepEqual(
    [target, response.status, (await response.arrayBuffer()).byteLength],
    [target, 200, expected],
  );
}
while (closed < 4) await nextTurn();
for (const { server } of [service, upstream]) {
  server.closeAllConnections();
  server.close();
}
