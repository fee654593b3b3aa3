import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { type CpgKey, memoryStore, staticKeys } from '@cpg/server-middleware';
import { exchange } from '@cpg/test-support/raw-client';
import { NOW, type RequestParts, signedRequest, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { readSuiteKeys, SUITE } from '@cpg/test-support/server-middleware/suite-keys';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApiServer } from './node-http-server.ts';

describe('a node:http server', () => {
  const start = async (keys: readonly CpgKey[], clock = () => NOW * 1000) => {
    const server = createApiServer({ keys: staticKeys(keys), store: memoryStore({ clock }), clock });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const startSending = async () => {
    const port = await start([testKey(), testKey({ keyId: 'ck_listed', sourceIps: ['203.0.113.0/24'] })]);
    return (parts: RequestParts) => exchange(port, signedRequest(parts));
  };

  // The groups that wait for the next minute of the wall clock are left to the suite's own runs.
  it.each(['server-t*', 'server-s*', 'server-b*', 'server-o*', 'server-rep*', 'server-rac*'])(
    'passes the conformance cases %s',
    async (pattern) => {
      const port = await start(readSuiteKeys(), Date.now);
      const program = ['--conditions=@cpg/source', `${SUITE}src/main.ts`, 'server', '--run', pattern];
      const server = ['--url', `http://127.0.0.1:${port}`, '--keys', `${SUITE}demo-keys.json`];
      const { stdout } = await promisify(execFile)(process.execPath, [...program, ...server]);
      expect(stdout).toMatch(/planned [1-9]\d* pass [1-9]\d* fail 0/);
    },
  );

  it('serves a signed ping once', async () => {
    const send = await startSending();
    const response = await send({});
    expect([response.status, response.body]).toEqual([
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
  ])('responds to %j with %d', async (parts, status) => {
    expect((await (await startSending())(parts)).status).toBe(status);
  });
});
