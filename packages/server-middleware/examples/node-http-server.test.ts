import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { memoryStore, staticKeys } from '@cpg/server-middleware';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testKey } from '../test/keys.ts';
import { exchange } from '../test/raw-http.ts';
import { NOW, type RequestParts, signedRequest } from '../test/signed-request.ts';
import { createPingServer } from './node-http-server.ts';

describe('a node:http server on the framework-free core', () => {
  const start = async () => {
    const clock = () => NOW * 1000;
    const keys = staticKeys([testKey(), testKey({ keyId: 'ck_listed', sourceIps: ['203.0.113.0/24'] })]);
    const server = createPingServer({ keys, store: memoryStore({ clock }), clock });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return (parts: RequestParts) => exchange(port, signedRequest(parts));
  };

  it('serves a signed ping once', async () => {
    const send = await start();
    const answer = await send({});
    expect([answer.status, answer.body]).toEqual([
      200,
      '{"success":true,"message":"OK","data":{"pong":true}}',
    ]);
    expect((await send({})).body).toBe(
      '{"success":false,"message":"Request signature has already been used"}',
    );
  });

  it.each<readonly [RequestParts, number]>([
    [{ headers: { 'X-CPG-Signature': null } }, 401],
    [{ target: 'http://x/v1/_ping' }, 400],
    [{ target: '//v1/_ping' }, 400],
    [{ timestamp: NOW - 301 }, 401],
    [{ secret: 'other' }, 401],
    [{ keyId: 'ck_listed' }, 403],
    [{ target: '/v1/other' }, 404],
    [{ method: 'POST', body: '{}' }, 405],
    [{ body: '{}', headers: { 'Content-Encoding': 'gzip' } }, 415],
    [{ method: 'POST', body: 'x'.repeat(1_048_577) }, 413],
  ])('answers %j with %d', async (parts, status) => {
    expect((await (await start())(parts)).status).toBe(status);
  });
});
