import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endpoints } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import type { RequestHandler } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';
import { errorHandler } from './error-handler.ts';
import { requirePermission } from './require-permission.ts';
import { route, routes } from './routes.ts';

const SERVICE = fileURLToPath(import.meta.resolve('@cpg/test-support/server-middleware/body-readers'));
const MALFORMED = 'Malformed JSON body';
const BROKEN: RequestParts = { method: 'POST', target: '/v1/withdrawals', body: '{' };

describe.each(EXPRESS_VERSIONS)('a malformed JSON body on %s', (name, express) => {
  const start = async (handlers: readonly RequestHandler[], json?: boolean) => {
    const clock = () => NOW * 1000;
    const app = express();
    const keys = staticKeys([testKey(), testKey({ keyId: 'ck_none', permissions: [] })]);
    app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock, json }));
    for (const handler of handlers) app.use(handler);
    app.use(errorHandler());
    const port = await serve(app);
    return async (parts: RequestParts) => {
      const { status, body } = await exchange(port, signedRequest(parts));
      return [status, JSON.parse(body).message ?? JSON.parse(body)] as const;
    };
  };
  const showBody: RequestHandler = (request, response) => {
    response.json({ type: typeof request.body, raw: request.rawBody?.toString() });
  };

  it('ends no process: not by a morgan token, a finish listener or an async handler that reads req.body', async () => {
    const service = fork(SERVICE, [name], { execArgv: ['--conditions=@cpg/source'], silent: true });
    let output = '';
    for (const stream of [service.stdout, service.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    onTestFinished(() => service.disconnect());
    const [port] = (await once(service, 'message')) as [number];
    const send = async (parts: RequestParts) => (await exchange(port, signedRequest(parts))).body;
    for (const [index, target] of ['/v1/withdrawals', '/v1/other', '/v1/withdrawals/checked'].entries()) {
      const body = await send({ ...BROKEN, target, timestamp: NOW + index });
      expect([target, body]).toEqual([target, `{"success":false,"message":"${MALFORMED}"}`]);
    }
    expect(await send({ target: '/v1/balances', body: '{' })).toBe('{}');
    expect(await send({ ...BROKEN, body: '{"a":1}' })).toBe('{"replaced":{"a":1}}');
    expect([service.exitCode, output]).toEqual([null, expect.not.stringMatching(/Error|exception/i)]);
    expect(output).toContain('POST /v1/withdrawals 400 -');
  });

  it('is rejected before the next handler, after the permission of an endpoint', async () => {
    const handled: string[] = [];
    const send = await start([
      (request, response) => {
        handled.push(request.url);
        response.end();
      },
    ]);
    expect(await send(BROKEN)).toEqual([400, MALFORMED]);
    expect(await send({ ...BROKEN, keyId: 'ck_none' })).toEqual([
      403,
      'API key lacks the required permission: withdraw',
    ]);
    expect(await send({ ...BROKEN, target: '/v1/own?x=1' })).toEqual([400, MALFORMED]);
    expect(await send({ ...BROKEN, target: '/v1/own', method: 'DELETE' })).toEqual([400, MALFORMED]);
    expect(handled).toEqual([]);
  });

  it.each([
    ['an endpoint without body', { target: '/v1/balances' }],
    ['an endpoint with an id', { target: '/v1/withdrawals/7' }],
    ['a method without body', { target: '/v1/own' }],
    ['a method that the path does not have', { target: '/v1/balances', method: 'POST' }],
  ])('is undefined to %s', async (_what, parts) => {
    const send = await start([showBody]);
    expect(await send({ body: '{', ...parts })).toEqual([200, { type: 'undefined', raw: '{' }]);
  });

  it('is rejected by requirePermission where no JSON is expected', async () => {
    const send = await start([requirePermission('read_balance'), showBody]);
    expect(await send({ target: '/v1/balances', body: '{' })).toEqual([400, MALFORMED]);
    const denied = await send({ target: '/v1/balances', body: '{', keyId: 'ck_none' });
    expect(denied).toEqual([403, 'API key lacks the required permission: read_balance']);
  });

  it.each([true, false])('comes after 404, 405 and permission in routes, with json: %s', async (json) => {
    const send = await start([routes([route(endpoints.createWithdrawal, () => ({}) as never)])], json);
    expect(await send({ ...BROKEN, target: '/v1/balances' })).toEqual([404, 'Not found']);
    expect(await send({ ...BROKEN, method: 'PUT' })).toEqual([405, 'Method not allowed']);
    expect((await send({ ...BROKEN, keyId: 'ck_none' }))[0]).toBe(403);
    expect(await send(BROKEN)).toEqual([400, MALFORMED]);
    expect((await send({ ...BROKEN, body: '{}' }))[0]).toBe(422);
  });

  it.each([true, false])('a key given twice is malformed, with json: %s', async (json) => {
    const handled: unknown[] = [];
    const create = route(endpoints.createWithdrawal, ({ body }) => {
      handled.push(body);
      return {} as never;
    });
    const send = await start([routes([create])], json);
    const body = '{"currency":"USDT","network":"ETH","to_address":"0x12345678","amount":"10","amount":"900"}';
    expect(await send({ ...BROKEN, body })).toEqual([400, MALFORMED]);
    expect((await send({ ...BROKEN, body, keyId: 'ck_none' }))[0]).toBe(403);
    expect(handled).toEqual([]);
  });

  it('with json: false comes after 404 on every path, and reaches other handlers as bytes', async () => {
    const sendToRoutes = await start([routes([])], false);
    expect(await sendToRoutes({ ...BROKEN, target: '/v1/own' })).toEqual([404, 'Not found']);
    const send = await start([showBody], false);
    expect(await send({ ...BROKEN, target: '/v1/own' })).toEqual([200, { type: 'undefined', raw: '{' }]);
  });
});
