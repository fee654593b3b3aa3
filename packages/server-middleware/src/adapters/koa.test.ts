import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { REJECTIONS } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import {
  type AdapterService,
  createAdapterService,
  formatEcho,
} from '@cpg/test-support/server-middleware/adapter-service';
import { describeAdapter, describeHooks } from '@cpg/test-support/server-middleware/describe-adapter';
import { serve, signedRequest } from '@cpg/test-support/server-middleware/fixtures';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { drainUnreadBodies, RejectionError } from '../core.ts';
import { type CpgState, cpgAuth, errorHandler, requirePermission, routes } from './koa.ts';

const start = async ({ options, routes: list }: AdapterService) => {
  const { logger } = options;
  const app = new Koa<CpgState>();
  const requireWithdraw = requirePermission('withdraw');
  app.use(errorHandler({ logger }));
  app.use(cpgAuth(options));
  app.use(async (context, next) => {
    if (context.path === '/own/fails') throw new Error('own handler');
    if (context.path === '/own/rejects') throw new RejectionError(REJECTIONS.not_found);
    if (context.path !== '/own/echo') return next();
    return requireWithdraw(context, async () => {
      context.body = formatEcho(context.state);
    });
  });
  app.use(routes(list, { logger }));
  const server: Server = drainUnreadBodies(app.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
};

describeAdapter({ name: 'Koa', start });

describe('Koa without cpgAuth', () => {
  it('leaves unknown paths to the next middleware, and never serves a route', async () => {
    const { routes: list, options } = createAdapterService();
    const app = new Koa<CpgState>();
    app.use(errorHandler({ logger: options.logger }));
    app.use(routes(list, { logger: options.logger }));
    app.use((context) => {
      context.body = 'next';
    });
    const port = await serve(app.callback());
    expect((await exchange(port, signedRequest({ target: '/health' }))).body).toBe('next');
    expect((await exchange(port, signedRequest())).status).toBe(500);
    expect(options.logger.lines.map(({ fields }) => fields.code)).toEqual(['authentication_missing']);
  });
});

describe('cpgAuth on Koa', () => {
  it('admits a request once when it is mounted twice, and leaves what is between', async () => {
    const { options } = createAdapterService();
    const app = new Koa<CpgState>();
    app.use(cpgAuth({ ...options, json: false }));
    app.use(cpgAuth(options));
    app.use((context, next) => {
      context.state.body = [context.state.body];
      return next();
    });
    app.use(cpgAuth(options));
    app.use((context) => {
      context.body = formatEcho(context.state);
    });
    const port = await serve(app.callback());
    const parts = { method: 'POST', target: '/v1/twice', body: '{}' };
    expect((await exchange(port, signedRequest(parts))).body).toBe(
      '{"keyId":"ck_full","rawBody":"{}","body":[{}]}',
    );
    expect((await exchange(port, signedRequest(parts))).status).toBe(401);
  });

  it.each([
    ['app.proxy', {}, 500],
    ['app.proxy and app.maxIpsCount', { maxIpsCount: 1 }, 403],
  ])('responds to a key with a whitelist, with %s', async (_name, settings, status) => {
    const { options } = createAdapterService();
    const app = new Koa<CpgState>({ proxy: true, ...settings });
    app.use(cpgAuth(options));
    const port = await serve(app.callback());
    const headers = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7' };
    const response = await exchange(port, signedRequest({ keyId: 'ck_elsewhere', headers }));
    expect(response.status).toBe(status);
    expect(options.logger.lines.map(({ fields }) => fields.code)).toEqual(
      status === 500 ? ['permissive_trust_proxy'] : [],
    );
  });

  it('leaves the body alone with json: false', async () => {
    const { options } = createAdapterService();
    const app = new Koa<CpgState>();
    app.use(cpgAuth({ ...options, json: false }));
    app.use(async ({ req, request, state, response }) => {
      response.body = [typeof state.body, 'body' in request, await text(req), String(state.rawBody)].join();
    });
    const port = await serve(app.callback());
    const response = await exchange(port, signedRequest({ method: 'POST', body: 'a=1' }));
    expect(response.body).toBe('undefined,false,a=1,a=1');
  });
});

describeHooks<{ readonly originalUrl: string }>({
  name: 'Koa',
  getTarget: ({ originalUrl }) => originalUrl,
  start: async (options, { routes: list }) => {
    const app = new Koa<CpgState>();
    app.use(cpgAuth(options)).use(cpgAuth(options));
    app.use(async (context, next) => {
      if (context.path === '/health') context.body = 'healthy';
      else await next();
    });
    app.use(routes(list));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
  },
});
