import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { REJECTIONS } from '@cpg/protocol';
import {
  type AdapterService,
  createAdapterService,
  formatEcho,
} from '@cpg/test-support/server-middleware/adapter-service';
import { describeAdapter, describeHooks } from '@cpg/test-support/server-middleware/describe-adapter';
import { type RequestParts, signedRequest } from '@cpg/test-support/server-middleware/fixtures';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { drainUnreadBodies, RejectionError } from '../core.ts';
import {
  type CpgVariables,
  cpgAuth,
  errorHandler,
  onRequestError,
  requirePermission,
  routes,
  serveRoutes,
  type WebAuthOptions,
} from './hono.ts';

const createApp = ({ options, routes: list }: AdapterService, more: Partial<WebAuthOptions> = {}) => {
  const { logger } = options;
  const app = new Hono<{ Variables: CpgVariables }>();
  app.onError(errorHandler({ logger }));
  app.use(cpgAuth({ ...options, ...more }));
  app.on(['GET', 'POST'], '/own/echo', requirePermission('withdraw'), (context) =>
    context.text(formatEcho(context.var)),
  );
  app.get('/own/fails', () => {
    throw new Error('own handler');
  });
  app.get('/own/rejects', () => {
    throw new RejectionError(REJECTIONS.not_found);
  });
  app.use(routes(list, { logger }));
  return app;
};

const listen = async (server: Server) => {
  drainUnreadBodies(server).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
};

describeAdapter({
  name: 'Hono on @hono/node-server',
  start: (service) => {
    const listener = getRequestListener(createApp(service).fetch, { errorHandler: onRequestError });
    return listen(createServer(listener));
  },
});

/** A platform that has Web-standard requests only; the second argument of `fetch` tells the address, as in Deno. */
const createWebServer = (fetch: (request: Request, info: Info) => Response | Promise<Response>) =>
  createServer(async (message, response) => {
    const { method = '', headers, url = '', rawHeaders } = message;
    const pairs: [string, string][] = [];
    for (let index = 0; index < rawHeaders.length; index += 2) {
      pairs.push([rawHeaders[index] as string, rawHeaders[index + 1] as string]);
    }
    const body = method === 'GET' ? null : (Readable.toWeb(message) as ReadableStream);
    const target = url.startsWith('/') ? `http://${headers.host}${url}` : url;
    const request = new Request(target, { method, headers: pairs, body, duplex: 'half' } as RequestInit);
    const result = await fetch(request, { address: message.socket.remoteAddress });
    response.writeHead(result.status, Object.fromEntries(result.headers));
    response.end(Buffer.from(await result.arrayBuffer()));
  });

interface Info {
  readonly address: string | undefined;
}

const clientIp: WebAuthOptions['clientIp'] = (_request, info) => (info as Info).address;

const INVALID_SIGNATURE = { status: 401, message: 'Invalid signature' };
// Request resolves and encodes a part of the target, and drops the body of a GET. Headers joins repeated ones.
const WEB_DIFFERENCES = {
  'X-CPG-Timestamp twice': { message: 'Request timestamp is outside the allowed window' },
  'X-CPG-Signature twice': INVALID_SIGNATURE,
  'an absolute target': INVALID_SIGNATURE,
  'a target with a backslash': INVALID_SIGNATURE,
  'malformed JSON in a GET': { status: 408, message: 'Request body was not received in full' },
  'the target /v1/./x': INVALID_SIGNATURE,
  'the target /v1/a/../b': INVALID_SIGNATURE,
  'the target /v1/%2e%2e/b': INVALID_SIGNATURE,
  "the target /v1/x?q='()*!": INVALID_SIGNATURE,
};

describeAdapter({
  name: 'Hono on Web-standard requests',
  start: (service) => {
    const app = createApp(service, { clientIp });
    return listen(createWebServer((request, info) => app.fetch(request, info)));
  },
  differences: WEB_DIFFERENCES,
});

describeAdapter({
  name: 'serveRoutes on Web-standard requests',
  start: (service) => {
    const app = createApp(service, { clientIp });
    const serve = serveRoutes(service.routes, { ...service.options, clientIp });
    return listen(
      createWebServer((request, info) =>
        new URL(request.url).pathname.startsWith('/own/') ? app.fetch(request, info) : serve(request, info),
      ),
    );
  },
  differences: WEB_DIFFERENCES,
});

describe('on Web-standard requests', () => {
  const { options, routes: list } = createAdapterService();
  const sign = ({ method = 'GET', ...parts }: RequestParts) => {
    const head = signedRequest({ method, ...parts })
      .toString('latin1')
      .split('\r\n\r\n', 1)[0] as string;
    const headers = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(': ') as [string, string]);
    return { url: `http://localhost${parts.target ?? '/v1/_ping'}`, init: { method, headers } };
  };
  const post = (target: string, body: RequestInit['body'], signed: string) => {
    const { url, init } = sign({ method: 'POST', target, body: signed });
    return new Request(url, { ...init, body, duplex: 'half' } as RequestInit);
  };

  it('leaves the body readable for Hono', async () => {
    const app = new Hono<{ Variables: CpgVariables }>();
    app.use(cpgAuth({ ...options, json: false }));
    app.post('/own', async ({ req, text, var: { body } }) => text(`${body},${await req.text()}`));
    const response = await app.request(post('/own', '[1]', '[1]'));
    expect(await response.text()).toBe('undefined,[1]');
  });

  it('rejects a body that was read before, and one whose stream fails', async () => {
    const serve = serveRoutes(list, options);
    const read = post('/v1/withdrawals?read=1', '{}', '{}');
    await read.text();
    expect((await serve(read)).status).toBe(500);
    expect(options.logger.lines.at(-1)?.fields.code).toBe('body_already_parsed');
    const failing = new ReadableStream({
      pull: (controller) => controller.error(new Error('reset')),
    });
    expect((await serve(post('/v1/withdrawals?failing=1', failing, '{}'))).status).toBe(408);
  });

  it('holds the maximum of all bodies that are not authenticated yet', async () => {
    const serve = serveRoutes(list, { ...options, routes: undefined, maxPendingBytes: 1 });
    const body = 'x'.repeat(100_000);
    expect((await serve(post('/v1/withdrawals?pending=1', body, body))).status).toBe(503);
  });

  it('admits a request once when cpgAuth is mounted twice, and leaves what is between', async () => {
    const { options: twice } = createAdapterService();
    const app = new Hono<{ Variables: CpgVariables }>();
    app.use(cpgAuth(twice), async (context, next) => {
      context.set('body', 'replaced');
      await next();
    });
    app.use(cpgAuth(twice));
    app.all('*', (context) => context.text(formatEcho(context.var)));
    const send = () => {
      const { url, init } = sign({ target: '/v1/twice' });
      return app.fetch(new Request(url, init));
    };
    const response = await send();
    expect(await response.text()).toBe('{"keyId":"ck_full","rawBody":"","body":"replaced"}');
    expect((await send()).status).toBe(401);
  });

  it('is 500 for a key with a whitelist where the platform tells no address', async () => {
    const { url, init } = sign({ keyId: 'ck_here', target: '/v1/_ping?address=1' });
    expect((await serveRoutes(list, options)(new Request(url, init), null)).status).toBe(500);
    expect(options.logger.lines.at(-1)?.fields.code).toBe('unusable_client_ip');
  });

  it('gives other errors of @hono/node-server an envelope too', async () => {
    const response = onRequestError(new Error('secret'));
    expect([response.status, await response.json()]).toEqual([
      500,
      { success: false, message: 'Internal server error' },
    ]);
  });

  it('without cpgAuth leaves unknown paths to the next handler, and never serves a route', async () => {
    const app = new Hono<{ Variables: CpgVariables }>();
    app.use(routes(list, { logger: options.logger }));
    app.get('/health', ({ text }) => text('healthy'));
    expect(await (await app.request('/health')).text()).toBe('healthy');
    expect((await app.request('/v1/_ping')).status).toBe(500);
  });
});

describeHooks<Request>({
  name: 'Hono',
  getTarget: ({ url }) => new URL(url).pathname,
  start: (options, { routes: list }) => {
    const app = new Hono<{ Variables: CpgVariables }>();
    app.use(cpgAuth(options), cpgAuth(options));
    app.get('/health', ({ text }) => text('healthy'));
    app.use(routes(list));
    return listen(createServer(getRequestListener(app.fetch)));
  },
});

it('serveRoutes has nothing for a request that skip lets pass', async () => {
  const { options } = createAdapterService();
  const response = await serveRoutes([], { ...options, skip: () => true })(
    new Request('http://localhost/health'),
  );
  expect([response.status, await response.json()]).toEqual([404, { success: false, message: 'Not found' }]);
});
