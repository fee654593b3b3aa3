import type { AddressInfo } from 'node:net';
import { REJECTIONS } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import {
  type AdapterService,
  createAdapterService,
  formatEcho,
} from '@cpg/test-support/server-middleware/adapter-service';
import { describeAdapter, describeHooks } from '@cpg/test-support/server-middleware/describe-adapter';
import { type RequestParts, signedRequest } from '@cpg/test-support/server-middleware/fixtures';
import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drainUnreadBodies, RejectionError } from '../core.ts';
import { cpgAuth, errorHandler, requirePermission, routes } from './fastify.ts';

const start = async ({ options, routes: list }: AdapterService) => {
  const { logger } = options;
  const app = fastify();
  drainUnreadBodies(app.server);
  app.setErrorHandler(errorHandler({ logger }));
  app.register(cpgAuth, options);
  app.register(routes(list, { logger }));
  app.register(
    async (own) => {
      own.route({
        method: ['GET', 'POST'],
        url: '/echo',
        preHandler: requirePermission('withdraw'),
        handler: ({ cpg, signedBody, body }) =>
          formatEcho({ cpg: cpg as NonNullable<typeof cpg>, rawBody: signedBody as Buffer, body }),
      });
      own.get('/fails', () => {
        throw new Error('own handler');
      });
      own.get('/rejects', async () => {
        throw new RejectionError(REJECTIONS.not_found);
      });
    },
    { prefix: '/own' },
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
};

describeAdapter({
  name: 'Fastify',
  start,
  differences: {
    // Fastify's router rejects what it cannot decode before any plugin runs.
    'the target /v1/%zz': { status: 400, message: undefined },
  },
});

const inject = async (
  app: Pick<FastifyInstance, 'listen' | 'close' | 'server'>,
  parts: RequestParts,
  headers: Record<string, string> = {},
) => {
  const bytes = signedRequest({ ...parts, headers });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  return exchange((app.server.address() as AddressInfo).port, bytes);
};

describe('cpgAuth on Fastify', () => {
  it.each([
    ['true', true, 500],
    ['of loopback', 'loopback', 403],
    ['off', false, 403],
  ])('responds to a key with a whitelist, with trustProxy %s', async (_name, trustProxy, status) => {
    const { options } = createAdapterService();
    const app = fastify({ trustProxy });
    app.register(cpgAuth, options);
    const headers = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7' };
    expect((await inject(app, { keyId: 'ck_elsewhere' }, headers)).status).toBe(status);
    expect(options.logger.lines.map(({ fields }) => fields.code)).toEqual(
      status === 500 ? ['permissive_trust_proxy'] : [],
    );
  });

  it("leaves bodies to Fastify's parsers with json: false", async () => {
    const { options } = createAdapterService();
    const app = fastify();
    app.register(cpgAuth, { ...options, json: false });
    app.post('/v1/text', async ({ body, signedBody }) => [body, String(signedBody)].join());
    const parts = { method: 'POST', target: '/v1/text', body: 'a=1' };
    expect((await inject(app, parts, { 'Content-Type': 'text/plain' })).body).toBe('a=1,a=1');
  });

  it('admits a request once when a scope inside registers it too', async () => {
    const { options } = createAdapterService();
    const app = fastify();
    app.register(cpgAuth, options);
    app.register(async (scope) => {
      scope.register(cpgAuth, options);
      scope.post('/v1/twice', async ({ cpg, body }) => ({ keyId: cpg?.keyId, body }));
    });
    const parts = { method: 'POST', target: '/v1/twice', body: '{"a":1}' };
    expect((await inject(app, parts)).body).toBe('{"keyId":"ck_full","body":{"a":1}}');
  });

  it('applies to the scope that registers it only', async () => {
    const { options } = createAdapterService();
    const app = fastify();
    app.get('/health', async ({ cpg }) => String(cpg));
    app.register(async (scope) => {
      scope.register(cpgAuth, options);
    });
    expect((await inject(app, { target: '/health', secret: 'other' })).body).toBe('undefined');
  });

  it('fails the start with wrong options', async () => {
    const app = fastify();
    app.register(cpgAuth, { ...createAdapterService().options, bodyLimit: 0 });
    await expect(app.ready()).rejects.toThrow('bodyLimit must be a positive whole number: got 0');
  });
});

describe('routes on Fastify without cpgAuth', () => {
  it.each([
    ['/health', 404],
    ['/v1/_ping', 500],
  ])('respond to %s with %d', async (target, status) => {
    const { routes: list, options } = createAdapterService();
    const app = fastify();
    app.register(routes(list, { logger: options.logger }));
    expect((await inject(app, { target })).status).toBe(status);
  });
});

describeHooks<{ readonly originalUrl: string }>({
  name: 'Fastify',
  getTarget: ({ originalUrl }) => originalUrl,
  start: async (options, { routes: list }) => {
    const app = fastify();
    app.register(cpgAuth, options);
    app.register(cpgAuth, options);
    app.register(routes(list));
    app.get('/health', async () => 'healthy');
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
});
