import { endpoints, PERMISSIONS, type Permission, REJECTIONS } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { RejectionError } from '../errors.ts';
import { page, sendSuccess } from '../http/responses.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';
import { type Route, route, routes } from './routes.ts';

const WITHDRAWAL = { currency: 'USDT', network: 'ETH', to_address: '0x0000000000', amount: '1' };

describe.each(EXPRESS_VERSIONS)('routes on %s', (_name, express) => {
  const start = async (list: readonly Route[], permissions: readonly Permission[] = PERMISSIONS) => {
    const clock = () => NOW * 1000;
    const logger = recordingLogger();
    const app = express();
    const keys = staticKeys([testKey({ permissions })]);
    app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock }));
    app.use(routes(list, { logger }));
    app.use((_request, response) => {
      response.status(418).end();
    });
    const port = await serve(app);
    return { logger, send: (parts: RequestParts) => exchange(port, signedRequest(parts)), port };
  };

  const balance = { currency: 'USDT', network: 'ETH', balance: '1.5', held: '0.5', available: '1.0' };

  it('gives the handler what was validated and who asks, and wraps what it returns', async () => {
    const { send } = await start([
      route(endpoints.listBalances, ({ query, cpg, http }) => {
        expect([query, cpg.accountId, http.method]).toEqual([{ currency: 'usdt' }, 'acct_1', 'GET']);
        return [balance];
      }),
    ]);
    const response = await send({ target: '/v1/balances?currency=usdt&x=1' });
    expect(response.status).toBe(200);
    expect(JSON.parse(response.body)).toEqual({
      success: true,
      message: 'OK',
      data: [balance],
      data_count: 1,
    });
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers.etag).toBeUndefined();
  });

  it('sendSuccess writes the same from a handler of Express', async () => {
    const port = await serve(express().get('/', (_request, response) => sendSuccess(response, [balance])));
    const response = await exchange(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect([response.status, JSON.parse(response.body)]).toEqual([
      200,
      { success: true, message: 'OK', data: [balance], data_count: 1 },
    ]);
  });

  it('returns a page with its cursor', async () => {
    const { send } = await start([
      route(endpoints.listTransactions, () => page({ data: [], next_cursor: 7, has_more: true })),
    ]);
    const response = await send({ target: '/v1/transactions' });
    expect(response.body).toBe(
      '{"success":true,"message":"OK","data":[],"data_count":0,"next_cursor":7,"has_more":true}',
    );
  });

  it.each([
    ['returns a rejection', () => REJECTIONS.not_found, 404, 'Not found'],
    [
      'throws a RejectionError',
      () => {
        throw new RejectionError(REJECTIONS.insufficient_available_balance);
      },
      400,
      'Insufficient available balance',
    ],
    [
      'throws',
      () => {
        throw new Error('SELECT secret FROM keys');
      },
      500,
      'Internal server error',
    ],
    ['rejects with nothing', () => Promise.reject(undefined), 500, 'Internal server error'],
    [
      'throws an error marked 503',
      () => Promise.reject(Object.assign(new Error('pool'), { status: 503 })),
      503,
      'Service temporarily unavailable',
    ],
  ])('responds for a handler that %s', async (_what, handler, status, message) => {
    const { send } = await start([route(endpoints.ping, handler)]);
    const response = await send({ target: '/v1/_ping' });
    expect([response.status, JSON.parse(response.body)]).toEqual([status, { success: false, message }]);
  });

  it('keeps a response that the handler sent itself', async () => {
    const { send } = await start([
      route(endpoints.ping, ({ http }) => {
        http.res?.end('by hand');
        return { pong: true as const };
      }),
    ]);
    const connection = await send({ target: '/v1/_ping', headers: { Connection: 'close' } });
    expect(connection.status).toBe(200);
    expect(connection.headers['content-type']).toBeUndefined();
  });

  it('checks permission, then body syntax, then schema', async () => {
    const list = [route(endpoints.createWithdrawal, ({ body }) => body as never)];
    const post = (body: string) => ({ method: 'POST', target: '/v1/withdrawals', body });
    const barred = await start(list, ['read_balance']);
    expect((await barred.send(post('{'))).body).toBe(
      '{"success":false,"message":"API key lacks the required permission: withdraw"}',
    );
    const { send } = await start(list);
    expect((await send(post('{'))).body).toBe('{"success":false,"message":"Malformed JSON body"}');
    expect((await send(post('{"currency":"USDT"}'))).status).toBe(422);
    expect((await send(post(''))).body).toBe('{"success":false,"message":"body: Field required"}');
    expect((await send(post(JSON.stringify(WITHDRAWAL)))).status).toBe(200);
  });

  it('reads no body where the endpoint has none', async () => {
    const { send } = await start([route(endpoints.ping, ({ body }) => ({ pong: true, body }) as never)]);
    expect((await send({ target: '/v1/_ping', body: '{' })).body).toBe(
      '{"success":true,"message":"OK","data":{"pong":true}}',
    );
  });

  it('responds with 405 and Allow, and with 404 for anything but the exact path', async () => {
    const { send } = await start([
      route(endpoints.getWithdrawal, ({ pathParameters }) => pathParameters as never),
      route(endpoints.listBalances, () => []),
    ]);
    const rejected = await send({ method: 'DELETE', target: '/v1/withdrawals/7' });
    expect([rejected.status, rejected.headers.allow, rejected.body]).toEqual([
      405,
      'GET',
      '{"success":false,"message":"Method not allowed"}',
    ]);
    for (const target of [
      '/v1/nothing',
      '/v1/balances/',
      '/v1/Balances',
      '/v1/withdrawals/7/x',
      '/v1/withdrawals/',
    ]) {
      expect([target, (await send({ target })).status]).toEqual([target, 404]);
    }
    expect((await send({ target: '/v1/withdrawals/7' })).body).toContain('"withdrawal_id":"7"');
    expect((await send({ target: '/v1/withdrawals/%37' })).status).toBe(422);
  });

  it('leaves paths outside the reach of cpgAuth to the next handler, but no malformed target', async () => {
    const { send } = await start([route(endpoints.ping, () => ({ pong: true as const }))]);
    expect((await send({ target: '/health' })).status).toBe(418);
    expect((await send({ target: '//v1/_ping' })).status).toBe(400);
  });

  it('fails without cpgAuth in front', async () => {
    const logger = recordingLogger();
    const app = express();
    app.use(routes([route(endpoints.ping, () => ({ pong: true as const }))], { logger }));
    const response = await exchange(await serve(app), signedRequest());
    expect(response.status).toBe(500);
    expect(logger.lines[0]?.fields.code).toBe('authentication_missing');
  });

  it('rejects two handlers for one endpoint', () => {
    const ping = route(endpoints.ping, () => ({ pong: true as const }));
    expect(() => routes([ping, ping])).toThrow('GET /v1/_ping has two handlers; keep one.');
  });
});
