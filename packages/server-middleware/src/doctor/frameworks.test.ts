import type { RequestListener } from 'node:http';
import { endpoints } from '@cpg/protocol';
import { describeInCi } from '@cpg/test-support/programs';
import { recordingLogger, SECRET, serve, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { getRequestListener } from '@hono/node-server';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { expect, it } from 'vitest';
import * as forFastify from '../adapters/fastify.ts';
import * as forHono from '../adapters/hono.ts';
import * as forKoa from '../adapters/koa.ts';
import * as forNode from '../adapters/node.ts';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { doctor } from './doctor.ts';

const ping = () => ({ pong: true }) as const;

const createOptions = () => ({
  keys: staticKeys([testKey()]),
  store: memoryStore(),
  logger: recordingLogger(),
});

const FRAMEWORKS: readonly (readonly [string, () => RequestListener | Promise<RequestListener>])[] = [
  ['node:http', () => forNode.serveRoutes([forNode.route(endpoints.ping, ping)], createOptions())],
  [
    'Koa',
    () => {
      const app = new Koa<forKoa.CpgState>();
      app.use(forKoa.cpgAuth(createOptions()));
      app.use(forKoa.routes([forKoa.route(endpoints.ping, ping)]));
      return app.callback();
    },
  ],
  [
    'Fastify',
    async () => {
      const app = fastify();
      app.register(forFastify.cpgAuth, createOptions());
      app.register(forFastify.routes([forFastify.route(endpoints.ping, ping)]));
      await app.ready();
      return app.routing;
    },
  ],
  [
    'Hono',
    () => {
      const app = new Hono<{ Variables: forHono.CpgVariables }>();
      app.use(forHono.cpgAuth(createOptions()));
      app.use(forHono.routes([forHono.route(endpoints.ping, ping)]));
      return getRequestListener(app.fetch);
    },
  ],
];

describeInCi('doctor of an app of another framework', () => {
  const options = { keyId: 'ck_full', secret: SECRET, print: () => {} };

  it.each(FRAMEWORKS)('%s is healthy, in the process and from outside', async (_name, createApp) => {
    const inside = await doctor(await createApp(), options);
    expect(inside.findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    const port = await serve(await createApp());
    const outside = await doctor(`http://127.0.0.1:${port}`, options);
    expect(outside.findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  });
});
