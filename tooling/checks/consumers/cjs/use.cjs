const assert = require('node:assert/strict');
const { once } = require('node:events');
const { CpgClient } = require('@cpg/client');
const { createSigningKey, endpoints, signRequest } = require('@cpg/protocol');
const { explainMismatch } = require('@cpg/protocol/explain');
const { cpgAuth, memoryStore, route, routes, staticKeys } = require('@cpg/server-middleware');
const { CpgInstrumentation } = require('@cpg/server-middleware/opentelemetry');
const { metrics } = require('@cpg/server-middleware/prometheus');
const express = require('express');
const { Registry } = require('prom-client');

assert.equal(typeof metrics(new Registry()), 'function');
assert.equal(new CpgInstrumentation().instrumentationName, '@cpg/server-middleware');

const secret = 'consumer-secret-DO-NOT-USE-IN-PRODUCTION';
const keys = staticKeys([
  {
    keyId: 'ck_consumer',
    accountId: 'acct_1',
    signingKeys: [createSigningKey(secret)],
    permissions: ['read_balance'],
    rateLimitPerMinute: 60,
  },
]);
const row = { currency: 'USDT', network: 'ETH', balance: '3.0', held: '1.0', available: '2.0' };

const mismatch = {
  key: createSigningKey(secret),
  request: { method: 'GET', target: '/v1/balances', timestamp: '1747444800' },
  signature: signRequest({
    keyId: 'ck_consumer',
    key: createSigningKey(`${secret}\n`),
    method: 'GET',
    target: '/v1/balances',
    timestamp: 1747444800,
  }).signature,
};
assert.deepEqual(
  explainMismatch(mismatch).map(({ code }) => code),
  ['key_with_newline'],
);

const app = express();
app.use('/v1', cpgAuth({ keys, store: memoryStore() }));
app.use(routes([route(endpoints.listBalances, () => [row])]));

const main = async () => {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const cpg = new CpgClient({ baseUrl, keyId: 'ck_consumer', secret });
  const { data } = await cpg.balances.list({ currency: 'USDT' });
  assert.deepEqual(data, [row]);
  await assert.rejects(
    new CpgClient({ baseUrl, keyId: 'ck_consumer', secret: 'wrong' }).ping(),
    /Invalid signature/,
  );
  server.close();
  server.closeAllConnections();
};

main();
