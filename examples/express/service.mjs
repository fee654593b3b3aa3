// A service for signed balance reads, in any number of processes that share one Redis.
//   REDIS_URL=redis://127.0.0.1:6379 ACME_SECRET=… PORT=8080 node service.mjs
import { createSigningKey, endpoints } from '@cpg/protocol';
import {
  cpgAuth,
  drainUnreadBodies,
  errorHandler,
  ipBackstop,
  redisStore,
  route,
  routes,
  staticKeys,
} from '@cpg/server-middleware';
import express from 'express';
import { createClient } from 'redis';

const { REDIS_URL, ACME_SECRET, PORT = '8080' } = process.env;

const keys = staticKeys([
  {
    keyId: 'ck_acme',
    accountId: 'acct_acme',
    signingKeys: [createSigningKey(ACME_SECRET)],
    permissions: ['read_balance'],
    rateLimitPerMinute: 600,
  },
]);
const balances = {
  acct_acme: [{ currency: 'USDT', network: 'ETH', balance: '3.00', held: '1.00', available: '2.00' }],
};

const redis = createClient({ url: REDIS_URL, socket: { reconnectStrategy: 200 } });
redis.on('error', (error) => process.stderr.write(`Redis: ${error.message}\n`));
await redis.connect();

const app = express();
app.disable('x-powered-by');
app.use(ipBackstop());
app.use('/v1', cpgAuth({ keys, store: redisStore(redis) }));
app.use(
  routes([
    route(endpoints.ping, () => ({ pong: true })),
    route(endpoints.listBalances, ({ cpg, query }) =>
      balances[cpg.accountId].filter(
        ({ currency }) => currency === (query.currency ?? currency).toUpperCase(),
      ),
    ),
  ]),
);
app.use(errorHandler());
const server = drainUnreadBodies(app.listen(Number(PORT), '127.0.0.1'));
server.once('listening', () => process.stdout.write(`ready on port ${server.address().port}\n`));
process.once('SIGTERM', () => server.close(() => redis.close()));
