import { CpgClient } from '@cpg/client';
import {
  createSigningKey,
  type Decimal,
  endpoints,
  type Permission,
  signRequest,
  toDecimal,
} from '@cpg/protocol';
import { explainMismatch, type FindingCode } from '@cpg/protocol/explain';
import { cpgAuth, memoryStore, requirePermission, route, routes, staticKeys } from '@cpg/server-middleware';
import { authenticate, type RequestToAuthenticate } from '@cpg/server-middleware/core';
import { type PostgresPool, postgresStore } from '@cpg/server-middleware/postgres';
import { type RedisClient, redisStore } from '@cpg/server-middleware/redis';
import express, { type Express } from 'express';

const permissions: readonly Permission[] = ['read_balance'];
const key = createSigningKey('consumer-secret-DO-NOT-USE-IN-PRODUCTION');
const keys = staticKeys([
  { keyId: 'ck_1', accountId: 'acct_1', signingKeys: [key], permissions, rateLimitPerMinute: 60 },
]);

export const app: Express = express();
app.use('/v1', cpgAuth({ keys, store: memoryStore() }));
app.get('/v1/mine', requirePermission('read_balance'), (request, response) => {
  const accountId: string | undefined = request.cpg?.accountId;
  response.json({ accountId, bytes: request.rawBody?.length });
});
// A permission with a colon needs no declaration; a misspelt one of CPG is still an error.
app.get('/v1/invoices', requirePermission('invoices:read'), (_request, response) => response.end());
declare global {
  namespace CPG {
    interface OwnPermissions {
      approve_payouts: true;
    }
  }
}
app.get('/v1/payouts', requirePermission('approve_payouts'), (_request, response) => response.end());
// @ts-expect-error neither a permission of CPG nor an own one
export const misspelt = () => requirePermission('withdrw');
app.use(
  routes([
    route(endpoints.listBalances, ({ query, cpg }) => {
      const currency: string | undefined = query.currency;
      return [
        { currency: currency ?? cpg.accountId, network: 'ETH', balance: '3', held: '1', available: '2' },
      ];
    }),
  ]),
);

export const spendable = async (cpg: CpgClient): Promise<Decimal> => {
  const { data } = await cpg.balances.list({ currency: 'USDT' });
  return data.reduce((sum, balance) => sum.plus(toDecimal(balance.available)), toDecimal('0'));
};

export const withdraw = async (cpg: CpgClient): Promise<'known' | string> => {
  const { data } = await cpg.withdrawals.create({
    currency: 'USDT',
    network: 'ETH',
    to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
    amount: '10.5',
    client_reference: 'order-1',
  });
  return data.status === 'broadcasted' ? 'known' : data.status;
};

const order = { currency: 'USDT', network: 'ETH', to_address: '0x52908400098527886E0F7030069857D2E4169EE7' };
// @ts-expect-error an amount is a string or a number
export const wrong = (cpg: CpgClient) => cpg.withdrawals.create({ ...order, amount: true });

const signed = signRequest({ keyId: 'ck_1', key, method: 'GET', target: '/v1/_ping', timestamp: 1747444800 });
export const signature: string = signed.headers['X-CPG-Signature'];
export const findings: readonly FindingCode[] = explainMismatch({
  key,
  request: { method: 'GET', target: '/v1/_ping', timestamp: signed.timestamp },
  signature,
}).map(({ code }) => code);
export const client = new CpgClient({
  baseUrl: 'https://gateway.example',
  keyId: 'ck_1',
  secret: 'consumer-secret',
});

export const check = (request: RequestToAuthenticate, redis: RedisClient) =>
  authenticate(request, { keys, store: redisStore(redis) });

export const checkInPostgres = (request: RequestToAuthenticate, pool: PostgresPool) =>
  authenticate(request, { keys, store: postgresStore(pool) });
