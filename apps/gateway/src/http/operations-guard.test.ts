import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { readConsoleToken } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends any Host, Origin and Sec-Fetch-Site, which `fetch` does not allow. */
const ask = async (url: string, { method = 'GET', path = '/metrics', headers = {} }: Asked) => {
  const sent = request(`${url}${path}`, { method, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await text(response);
  const message = response.statusCode === 200 ? undefined : (JSON.parse(body) as { message: string }).message;
  return { status: response.statusCode, message };
};
const SERVED = { status: 200, message: undefined };
const HIDDEN = { status: 404, message: 'Not found' };
const rejection = (message: string) => ({ status: 403, message });

describe('the operations port on loopback', () => {
  let gateway: TestGateway;
  let port: string;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway();
    port = new URL(gateway.operationsUrl).port;
    token = await readConsoleToken(gateway.operationsUrl);
  });
  afterAll(() => gateway.close());

  it('is a separate listener on a loopback address', () => {
    expect(new URL(gateway.operationsUrl).hostname).toBe('127.0.0.1');
    expect(gateway.operationsUrl).not.toBe(gateway.url);
  });

  it.each([
    'Forwarded',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Server',
    'X-Forwarded-Anything',
    'X-Forwarded',
    'X-Real-IP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'X-Original-Forwarded-For',
    'CF-Connecting-IP',
    'CF-Ray',
    'True-Client-IP',
    'Fastly-Client-IP',
    'CDN-Loop',
    'X-Envoy-External-Address',
    'X-Azure-ClientIP',
    'X-Amzn-Trace-Id',
    'X-Cloud-Trace-Context',
  ])('rejects a request with the proxy header %s', async (name) => {
    for (const value of ['127.0.0.1', '203.0.113.7', '']) {
      expect(await ask(gateway.operationsUrl, { headers: { [name]: value } })).toEqual(HIDDEN);
    }
    const headers = { [name]: '::1', 'content-type': 'application/json' };
    for (const [method, path] of [
      ['POST', '/_sandbox/reset'],
      ['GET', '/_sandbox/overview'],
      ['GET', '/'],
      ['GET', '/healthz'],
    ] as const) {
      expect(await ask(gateway.operationsUrl, { method, path, headers })).toEqual(HIDDEN);
    }
  });

  it.each(['GET / HTTP/1.0', 'GET /metrics HTTP/1.0', 'POST /_sandbox/reset HTTP/1.0'])(
    'rejects %s, as forwarded by a default nginx',
    async (line) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`${line}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    },
  );

  it.each(['127.0.0.1', '127.0.0.1:80', 'localhost:9787', 'LOCALHOST', '[::1]:9787', '127.8.8.8'])(
    'serves Host %s',
    async (host) => {
      expect(await ask(gateway.operationsUrl, { headers: { host } })).toEqual(SERVED);
    },
  );

  it.each([
    'rebound.example',
    'rebound.example:9787',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example',
    'rebound.localhost',
    'localhost.',
    '[64:ff9b::7f00:1]',
    '127.1',
    '10.0.0.1',
    '[2001:db8::1]',
    'rebound.example@127.0.0.1',
    'not a host',
  ])('rejects Host %j, which may be DNS rebinding', async (host) => {
    for (const path of ['/metrics', '/', '/_sandbox/overview', '/healthz', '/nothing']) {
      expect(await ask(gateway.operationsUrl, { path, headers: { host } })).toEqual(
        rejection(`Host: expected localhost or a loopback address: got ${JSON.stringify(host)}`),
      );
    }
  });

  it('rejects an empty Host', async () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });

  const JSON_TYPE = { 'content-type': 'application/json' };
  const reset = (headers: Readonly<Record<string, string>>) =>
    ask(gateway.operationsUrl, {
      method: 'POST',
      path: '/_sandbox/reset',
      headers: { 'x-cpg-console-token': token, ...headers },
    });

  it.each<Readonly<Record<string, string>>>([
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { 'content-type': 'Application/JSON; charset=utf-8' },
  ])('serves a POST with %j', async (headers) => {
    expect(await reset({ ...JSON_TYPE, ...headers })).toEqual(SERVED);
  });

  it('serves requests of its own origin', async () => {
    expect(await reset({ ...JSON_TYPE, origin: `http://127.0.0.1:${port}` })).toEqual(SERVED);
  });

  it.each(['cross-site', 'same-site', ''])('rejects Sec-Fetch-Site %j', async (site) => {
    const expected = rejection(`Sec-Fetch-Site: expected same-origin or none: got ${JSON.stringify(site)}`);
    expect(await reset({ ...JSON_TYPE, 'sec-fetch-site': site })).toEqual(expected);
    expect(await ask(gateway.operationsUrl, { headers: { 'sec-fetch-site': site } })).toEqual(expected);
  });

  it.each(['https://evil.example', 'http://127.0.0.1:3000', 'http://localhost', 'null', ''])(
    'rejects Origin %j',
    async (origin) => {
      const expected = rejection(`Origin: expected http://127.0.0.1:${port}: got ${JSON.stringify(origin)}`);
      expect(await reset({ ...JSON_TYPE, origin })).toEqual(expected);
      expect(await ask(gateway.operationsUrl, { path: '/_sandbox/overview', headers: { origin } })).toEqual(
        expected,
      );
    },
  );

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/jsonx',
  ])('rejects a POST of type %j, which a form of another site can send', async (type) => {
    expect(await reset(type === undefined ? {} : { 'content-type': type })).toEqual({
      status: 415,
      message: 'Content-Type: expected application/json, also without a body',
    });
  });
});

describe('the operations port on every address', () => {
  let gateway: TestGateway;
  let url: string;
  beforeAll(async () => {
    gateway = await startTestGateway({
      sandbox: false,
      operationsHost: '0.0.0.0',
      operationsAllowedHosts: ['gateway-1'],
    });
    url = `http://127.0.0.1:${new URL(gateway.operationsUrl).port}`;
  });
  afterAll(() => gateway.close());

  it.each(['127.0.0.1', '10.0.0.5:9787', '[2001:db8::1]:9787', 'localhost', 'gateway-1:9787', 'Gateway-1'])(
    'serves Host %s',
    async (host) => {
      expect(await ask(url, { headers: { host } })).toEqual(SERVED);
    },
  );

  it('rejects other names and pages of other sites', async () => {
    expect(await ask(url, { headers: { host: 'rebound.example' } })).toEqual(
      rejection(
        'Host: expected an IP address or a name of CPG_OPERATIONS_ALLOWED_HOSTS: got "rebound.example"',
      ),
    );
    expect((await ask(url, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  it('has no sandbox', async () => {
    expect(await ask(url, { path: '/_sandbox/clock' })).toEqual(HIDDEN);
  });
});
