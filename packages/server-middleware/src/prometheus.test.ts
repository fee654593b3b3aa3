import { endpoints } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import {
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  cachedKeys,
  cpgAuth,
  errorHandler,
  ipBackstop,
  memoryStore,
  observeResponses,
  route,
  routes,
} from './index.ts';
import { type MetricsOptions, metrics } from './prometheus.ts';

const clock = () => NOW * 1000;

/** A service with its metrics at `/metrics`, as Prometheus scrapes them. */
const start = async (options: MetricsOptions = {}, isDown = false) => {
  const register = new Registry();
  const known = ['ck_full', 'ck_weak'];
  const keys = cachedKeys({
    find: (keyId) => {
      if (isDown) throw new Error('down');
      const permissions = keyId === 'ck_weak' ? [] : testKey().permissions;
      return known.includes(keyId) ? testKey({ keyId, permissions }) : undefined;
    },
  });
  const store = memoryStore({ clock });
  onTestFinished(metrics(register, { keys, store, ...options }));
  const app = express();
  app.get('/metrics', async (_request, response) => {
    response.type(register.contentType).send(await register.metrics());
  });
  app.use(observeResponses(), ipBackstop({ limitPerMinute: 1_000 }));
  app.use('/v1', cpgAuth({ keys, store, clock, logger: recordingLogger() }));
  app.use(
    routes([route(endpoints.ping, () => ({ pong: true as const })), route(endpoints.listBalances, () => [])]),
  );
  app.use(
    '/:tenant',
    express.Router().get('/status', (_request, response) => response.end()),
  );
  app.use(errorHandler());
  const port = await serve(app);
  return {
    register,
    send: (parts: RequestParts) => exchange(port, signedRequest(parts)),
    scrape: async () => (await exchange(port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')).body,
  };
};

const lines = (text: string, pattern: RegExp) => text.split('\n').filter((line) => pattern.test(line));

describe('metrics(register)', () => {
  it('counts responses by method, route, status and outcome', async () => {
    const { send, scrape } = await start();
    await send({});
    await send({});
    await send({ keyId: 'ck_nobody' });
    await send({ keyId: 'ck_weak', target: '/v1/balances' });
    await send({ target: '/v1/nothing-7' });
    await send({ method: 'PROPFIND', target: '/elsewhere' });
    expect(lines(await scrape(), /^cpg_http_requests_total/)).toEqual([
      'cpg_http_requests_total{method="GET",route="/v1/_ping",status="200",outcome="served"} 1',
      'cpg_http_requests_total{method="GET",route="/v1/_ping",status="401",outcome="signature_already_used"} 1',
      'cpg_http_requests_total{method="GET",route="/v1/_ping",status="401",outcome="invalid_signature"} 1',
      'cpg_http_requests_total{method="GET",route="/v1/balances",status="403",outcome="missing_permission"} 1',
      'cpg_http_requests_total{method="GET",route="other",status="404",outcome="not_found"} 1',
      'cpg_http_requests_total{method="other",route="other",status="404",outcome="served"} 1',
    ]);
  });

  it('measures requests and checks, in seconds', async () => {
    const { send, scrape } = await start({ buckets: [0.5, 60] });
    await send({});
    const text = await scrape();
    expect(lines(text, /^cpg_http_request_duration_seconds_(bucket|count)/)).toEqual([
      'cpg_http_request_duration_seconds_bucket{le="0.5",method="GET",route="/v1/_ping",status="200"} 1',
      'cpg_http_request_duration_seconds_bucket{le="60",method="GET",route="/v1/_ping",status="200"} 1',
      'cpg_http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/v1/_ping",status="200"} 1',
      'cpg_http_request_duration_seconds_count{method="GET",route="/v1/_ping",status="200"} 1',
    ]);
    expect(lines(text, /^cpg_check_duration_seconds_count/)).toHaveLength(8);
  });

  it('reads the cache of keys, the memory store, and errors by code', async () => {
    const { send, scrape } = await start();
    for (let index = 0; index < 3; index += 1) await send({ timestamp: NOW + index });
    const text = await scrape();
    expect(lines(text, /^cpg_(key_cache|admission)/)).toEqual([
      'cpg_key_cache_requests_total{result="hit"} 2',
      'cpg_key_cache_requests_total{result="shared"} 0',
      'cpg_key_cache_requests_total{result="miss"} 1',
      'cpg_key_cache_requests_total{result="rejected"} 0',
      'cpg_key_cache_failures_total 0',
      'cpg_key_cache_evictions_total 0',
      'cpg_key_cache_keys 1',
      'cpg_key_cache_pending 0',
      'cpg_admission_store_signatures 3',
    ]);
    const down = await start({}, true);
    await down.send({});
    expect(lines(await down.scrape(), /^cpg_errors_total/)).toEqual([
      'cpg_errors_total{code="store_unavailable"} 1',
    ]);
  });

  it('has no more than 200 routes, also when a router is mounted on a parameter', async () => {
    const { send, scrape } = await start();
    for (let index = 0; index < 210; index += 1) await send({ target: `/tenant-${index}/status` });
    expect(lines(await scrape(), /^cpg_http_requests_total.*tenant/)).toHaveLength(200);
    expect(lines(await scrape(), /^cpg_http_requests_total.*"other".*"200"/)).toEqual([
      'cpg_http_requests_total{method="GET",route="other",status="200",outcome="served"} 10',
    ]);
  });

  it('has no series of sources that it was not given, and counts nothing after its end', async () => {
    const register = new Registry();
    const stop = metrics(register);
    const { send } = await start();
    await send({});
    stop();
    await send({});
    const text = await register.metrics();
    expect(text).not.toMatch(/cpg_key_cache|cpg_admission/);
    expect(lines(text, /^cpg_http_requests_total/)).toHaveLength(1);
  });

  it.each([
    [{ buckets: [] }, 'buckets'],
    [{ buckets: [0] }, 'buckets'],
    [{ keys: { find: () => undefined } }, 'keys'],
    [{ store: { admit: () => 'admitted' } }, 'store'],
    [{ store: null }, 'store'],
    [{ prefix: 'x' }, 'there is no option "prefix"'],
  ])('rejects %j', (options, name) => {
    expect(() => metrics(new Registry(), options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(name) }),
    );
  });

  it.each([undefined, {}, 'registry'])('rejects the registry %j', (register) => {
    expect(() => metrics(register as never)).toThrow('metrics: register must be a registry of prom-client');
  });
});
