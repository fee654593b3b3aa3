import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REJECTIONS } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import {
  type AdapterService,
  createAdapterService,
  formatEcho,
} from '@cpg/test-support/server-middleware/adapter-service';
import { describeAdapter } from '@cpg/test-support/server-middleware/describe-adapter';
import { collectResponses, serve, signedRequest } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { drainUnreadBodies, formatRejection, sendResponse } from '../core.ts';
import { ErrorLog } from '../http/error-log.ts';
import { cpgAuth, requirePermission, serveRoutes } from './node.ts';

const start = async ({ options, routes }: AdapterService) => {
  const authenticate = cpgAuth(options);
  const requireWithdraw = requirePermission('withdraw');
  const errorLog = new ErrorLog(options.logger);
  const serve = serveRoutes(routes, options);
  const server = createServer(async (message, response) => {
    if (message.url?.startsWith('/own/') !== true) {
      serve(message, response);
      return;
    }
    const request = await authenticate(message, response);
    if (request === undefined) return;
    if (message.url === '/own/fails') sendResponse(response, errorLog.formatError(new Error('own handler')));
    else if (message.url === '/own/rejects') sendResponse(response, formatRejection(REJECTIONS.not_found));
    else if (requireWithdraw(request, response)) response.end(formatEcho(request));
  });
  drainUnreadBodies(server).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
};

describeAdapter({ name: 'node:http', start });

describe('cpgAuth on node:http', () => {
  it('is 500 for a failing clientIp, with its event', async () => {
    const { options } = createAdapterService();
    const clientIp = () => {
      throw new Error('no address');
    };
    const port = await serve(serveRoutes([], { ...options, clientIp }));
    const { take } = collectResponses();
    expect((await exchange(port, signedRequest({ keyId: 'ck_here' }))).status).toBe(500);
    expect(await take()).toMatchObject({ status: 500, clientIp: undefined });
    expect(options.logger.lines.map(({ message }) => message)).toEqual([
      expect.stringContaining('no address'),
    ]);
  });

  it('admits a request once when it is called twice', async () => {
    const { options } = createAdapterService();
    const authenticate = cpgAuth(options);
    const port = await serve(async (message, response) => {
      await authenticate(message, response);
      const request = await authenticate(message, response);
      if (request !== undefined) response.end(formatEcho(request));
    });
    const parts = { method: 'POST', target: '/v1/twice', body: '{}' };
    expect((await exchange(port, signedRequest(parts))).body).toBe(
      '{"keyId":"ck_full","rawBody":"{}","body":{}}',
    );
  });

  it('verifies the original target behind a router that shortens it', async () => {
    const { options, routes } = createAdapterService();
    const listener = serveRoutes(routes, options);
    const port = await serve((request, response) => {
      const { url } = request;
      Object.assign(request, { originalUrl: url, url: url?.replace('/v1', '') });
      listener(request, response);
    });
    expect((await exchange(port, signedRequest())).status).toBe(200);
  });

  it('rejects unknown options at once', () => {
    const { options } = createAdapterService();
    const misspelt = { ...options, clientIP: () => undefined };
    expect(() => cpgAuth(misspelt)).toThrow(
      'cpgAuth: there is no option "clientIP". Did you mean "clientIp"?',
    );
    expect(() => serveRoutes([], { ...options, clientIp: 'x' as never })).toThrow(
      'clientIp must be a function',
    );
    // @ts-expect-error a misspelt permission
    expect(() => requirePermission('withdrw')).toThrow('permission must be "withdraw"');
  });
});

it('cpgAuth on node:http asks originalTarget, and admits a request once when it is called twice', async () => {
  const { options } = createAdapterService();
  const originalTarget = ({ url = '' }: IncomingMessage) => `/api${url}`;
  const authenticate = cpgAuth({ ...options, originalTarget });
  const port = await serve(async (message, response) => {
    const first = await authenticate(message, response);
    const second = await authenticate(message, response);
    response.end(JSON.stringify([second === first, second?.cpg.keyId, second?.body]));
  });
  const parts = { method: 'POST', target: '/api/v1/x', sentTarget: '/v1/x', body: '[1]' };
  expect((await exchange(port, signedRequest(parts))).body).toBe('[true,"ck_full",[1]]');
});
