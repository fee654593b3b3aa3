import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { endpoints, REJECTIONS } from '@cpg/protocol';
import {
  type AuthenticateOptions,
  drainUnreadBodies,
  memoryStore,
  route,
  staticKeys,
} from '@cpg/server-middleware/core';
import * as fastifyAdapter from '@cpg/server-middleware/fastify';
import * as honoAdapter from '@cpg/server-middleware/hono';
import * as koaAdapter from '@cpg/server-middleware/koa';
import { serveRoutes } from '@cpg/server-middleware/lambda';
import { CpgModule } from '@cpg/server-middleware/nest';
import { describeInCi } from '@cpg/test-support/programs';
import { startLambda, version2 } from '@cpg/test-support/server-middleware/lambda-platforms';
import { readSuiteKeys, SUITE } from '@cpg/test-support/server-middleware/suite-keys';
import { getRequestListener } from '@hono/node-server';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { expect, it, onTestFinished } from 'vitest';

const ROUTES = [
  route(endpoints.ping, () => ({ pong: true }) as const),
  route(endpoints.listBalances, () => []),
  route(endpoints.createWithdrawal, () => REJECTIONS.insufficient_available_balance),
];

/** Starts a server; the second value stops it. */
type Start = (options: AuthenticateOptions) => Promise<readonly [Server, () => unknown]>;

const listen = async (server: Server) => {
  drainUnreadBodies(server).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return [server, () => server.close()] as const;
};

const startNest =
  (createAdapter: () => ExpressAdapter | FastifyAdapter): Start =>
  async (options) => {
    class AppModule {}
    Module({ imports: [CpgModule.forRoot({ ...options, routes: ROUTES })] })(AppModule);
    const app = await NestFactory.create(AppModule as Type, createAdapter(), { logger: false });
    drainUnreadBodies(app.getHttpServer() as Server);
    await app.listen(0, '127.0.0.1');
    return [app.getHttpServer() as Server, () => app.close()];
  };

const FRAMEWORKS: readonly (readonly [string, Start])[] = [
  [
    'Fastify',
    async (options) => {
      const app = fastify();
      drainUnreadBodies(app.server);
      app.register(fastifyAdapter.cpgAuth, options);
      app.register(fastifyAdapter.routes(ROUTES));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return [app.server, () => app.close()];
    },
  ],
  [
    'Koa',
    (options) => {
      const app = new Koa<koaAdapter.CpgState>();
      app.use(koaAdapter.cpgAuth(options)).use(koaAdapter.routes(ROUTES));
      return listen(createServer(app.callback()));
    },
  ],
  [
    'Hono',
    (options) => {
      const app = new Hono<{ Variables: honoAdapter.CpgVariables }>();
      app.use(honoAdapter.cpgAuth(options), honoAdapter.routes(ROUTES));
      const { onRequestError: errorHandler } = honoAdapter;
      return listen(createServer(getRequestListener(app.fetch, { errorHandler })));
    },
  ],
  ['Nest on Express', startNest(() => new ExpressAdapter())],
  ['Nest on Fastify', startNest(() => new FastifyAdapter())],
];

// The groups that wait for the next minute of the wall clock are left to the suite's own runs.
const CASES = 'server-{t,s,b,o,rep,rac}*';
// AWS joins repeated headers before the function sees them: such requests are rejected, with another message.
const CASES_ON_LAMBDA = 'server-{t*,s*,b*,replay*,rac*,order-!(repeated*)}';

describeInCi('the server cases of the conformance suite', () => {
  const expectPass = async (start: Start, cases: string) => {
    const [server, close] = await start({ keys: staticKeys(readSuiteKeys()), store: memoryStore() });
    onTestFinished(async () => {
      server.closeAllConnections();
      await close();
    });
    const { port } = server.address() as AddressInfo;
    const program = ['--conditions=@cpg/source', `${SUITE}src/main.ts`, 'server', '--run', cases];
    const target = ['--url', `http://127.0.0.1:${port}`, '--keys', `${SUITE}demo-keys.json`];
    const command = promisify(execFile)(process.execPath, [...program, ...target]);
    const { stdout } = await command.catch((error: { readonly stdout: string }) => error);
    expect(stdout).toMatch(/planned [1-9]\d* pass [1-9]\d* fail 0/);
  };

  it.each(FRAMEWORKS)('pass on %s', (_name, start) => expectPass(start, CASES));

  it('pass on Lambda, but for repeated headers', () =>
    expectPass(async (options) => {
      const server = await startLambda(serveRoutes(ROUTES, options), version2);
      return [server, () => server.close()];
    }, CASES_ON_LAMBDA));
});
