import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { findFreePort, LOOPBACK } from '@cpg/test-support/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ ipLimitPerMinute: 40 });
});
afterAll(() => gateway.close());

const get = async (path: string, url = gateway.url) => {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('closing', () => {
  it('does not wait for connections on which nothing was sent, as browsers open in advance', async () => {
    const other = await startTestGateway();
    const socket = connect(Number(new URL(other.url).port), LOOPBACK);
    await once(socket, 'connect');
    const startedAt = performance.now();
    await Promise.all([once(socket, 'close'), other.close()]);
    // Otherwise it would wait until the end of keepAliveTimeout, for 75 s.
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });
});

describe('/healthz and /readyz', () => {
  it('report on both ports that the gateway is alive and ready', async () => {
    for (const url of [gateway.url, gateway.operationsUrl]) {
      expect(await get('/healthz', url)).toMatchObject({ status: 200, text: '{"status":"ok"}' });
      expect(await get('/readyz', url)).toMatchObject({
        status: 200,
        text: '{"status":"ready","database":"ok","admission":"ok","settlement":"ok"}',
      });
    }
  });

  it('report that the gateway is alive but not ready without its database', async () => {
    const other = await startTestGateway();
    await other.stopLoops();
    await other.db.destroy();
    const ready = await fetch(`${other.url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 503,
      body: { status: 'unavailable', database: 'unreachable', admission: 'ok', settlement: 'unknown' },
    });
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    const id = ready.headers.get('x-request-id');
    const line = other.logged
      .join('')
      .split('\n')
      .find((each) => each.includes(`"id":"${id}"`));
    expect(JSON.parse(line ?? '')).toMatchObject({
      ...{ res: { statusCode: 503 }, msg: 'request errored' },
      err: { type: 'Error', message: 'failed with status code 503', stack: expect.any(String) },
    });
    await other.close();
  });
});

describe('draining', () => {
  it('finishes requests in flight, closes each connection after its response, and reports not ready', async () => {
    const other = await startTestGateway();
    const { hostname, port } = new URL(other.url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    let response = '';
    socket.on('data', (text: string) => {
      response += text;
    });
    // The gateway has received a part of this request when it starts to drain.
    socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n');
    await once(socket, 'connect');
    await fetch(`${other.url}/healthz`);
    const closed = other.close();
    socket.write('\r\n');
    await Promise.all([closed, once(socket, 'close')]);
    expect(response).toContain('HTTP/1.1 503 Service Unavailable\r\n');
    expect(response).toContain('Connection: close\r\n');
    expect(response).toContain('"status":"draining"');
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
    await expect(fetch(`${other.operationsUrl}/healthz`)).rejects.toThrow();
  });
});

describe('a port in use', () => {
  it('is reported, and nothing keeps listening', async () => {
    const port = Number(new URL(gateway.url).port);
    await expect(startTestGateway({ port })).rejects.toThrow(
      `PORT: cannot listen on 127.0.0.1, port ${port}: EADDRINUSE`,
    );
    await expect(startTestGateway({ operationsPort: port })).rejects.toThrow(
      `CPG_OPERATIONS_PORT: cannot listen on 127.0.0.1, port ${port}: EADDRINUSE`,
    );
  });

  it('is replaced by a free one when the operations port is not configured', async () => {
    const port = await findFreePort();
    const taken = createServer();
    // Another test may have this port already, which serves as well.
    await new Promise<void>((resolve) => {
      taken.once('error', () => resolve()).listen(port + 1_000, LOOPBACK, resolve);
    });
    const other = await startTestGateway({ port });
    expect(new URL(other.operationsUrl).port).not.toBe(String(port + 1_000));
    expect(await get('/healthz', other.operationsUrl)).toMatchObject({ status: 200 });
    await other.close();
    taken.close();
  });
});

describe('/metrics', () => {
  it('count requests by route, decisions by outcome, and work in flight', async () => {
    await gateway.call('/v1/withdrawals/1001');
    await gateway.call('/v1/balances', { keyId: 'ck_demo_unknown' });
    await gateway.call('/v1/withdrawals/12/x');
    const { headers, text } = await get('/metrics', gateway.operationsUrl);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of [
      'cpg_http_request_duration_seconds_count{method="GET",route="/v1/withdrawals/{withdrawal_id}",status="200"} 1',
      'cpg_http_requests_total{method="GET",route="/v1/withdrawals/{withdrawal_id}",status="200",outcome="served"} 1',
      'cpg_http_requests_total{method="GET",route="/v1/balances",status="401",outcome="invalid_signature"} 1',
      'cpg_http_requests_total{method="GET",route="other",status="404",outcome="not_found"} 1',
      'cpg_withdrawals_in_flight{status="pending"} 1',
      'cpg_webhook_delivery_lag_seconds 0',
      'cpg_webhook_endpoints_suspended 0',
      'cpg_master_key_stale_secrets 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toContain('process_cpu_seconds_total');
  });
});

describe('headers', () => {
  it('contain a generated request id and security headers, and no server name', async () => {
    const [first, second] = [await get('/healthz'), await get('/healthz')];
    const id = first.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.headers.get('x-request-id')).not.toBe(id);
    const lines = gateway.logged
      .join('')
      .split('\n')
      .filter((line) => line.includes(`"id":"${id}"`));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        ...{ level: 30, time: expect.any(Number), pid: process.pid, hostname: expect.any(String) },
        req: { id, method: 'GET', url: '/healthz', remoteAddress: '127.0.0.1' },
        ...{ res: { statusCode: 200 }, responseTime: expect.any(Number), msg: 'request completed' },
      },
    ]);
    expect(first.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(first.headers.get('x-content-type-options')).toBe('nosniff');
    expect(first.headers.get('x-powered-by')).toBeNull();
  });

  it.each([
    ['larger than 16 KiB', `X-Large: ${'x'.repeat(17_000)}`, 'HTTP/1.1 431 Request Header Fields Too Large'],
    ['malformed', 'X Y: z', 'HTTP/1.1 400 Bad Request'],
  ])('are rejected when %s', async (_name, header, expected) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    socket.write(`GET /v1/_ping HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
    const [response] = (await once(socket, 'data')) as [string];
    socket.destroy();
    expect(response.split('\r\n')[0]).toBe(expected);
  });
});

describe('the reference', () => {
  it.each([
    ['/docs', 'text/html', '<title>CPG</title>'],
    ['/docs/', 'text/html', '<title>CPG</title>'],
    ['/docs/reference/list-balances.html', 'text/html', '/v1/balances'],
    ['/docs/assets/site.js', 'text/javascript', 'localStorage'],
    ['/docs/assets/style.css', 'text/css', 'color-scheme'],
    ['/docs/assets/icon.svg', 'image/svg+xml', '<svg'],
    ['/docs/assets/search.json', 'application/json', 'X-CPG-Timestamp'],
    ['/openapi.json', 'application/json', '"/v1/deposit-addresses"'],
  ])('serves %s', async (path, type, content) => {
    const { status, headers, text } = await get(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain(type);
    expect(text).toContain(content);
  });
});

describe('the limit per address', () => {
  it('applies before authentication, and not to the operations port', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 45; count += 1) statuses.push((await get('/v1/_ping')).status);
    const rejected = await get('/v1/_ping');
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401));
    expect(rejected).toMatchObject({
      status: 429,
      text: '{"success":false,"message":"Too many requests from this IP"}',
    });
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(rejected.headers.get('x-ratelimit-limit')).toBe('40');
    expect((await get('/healthz')).status).toBe(200);
  });
});
