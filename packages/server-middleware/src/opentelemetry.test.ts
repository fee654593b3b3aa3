import { createRequire } from 'node:module';
import { endpoints } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import {
  NOW,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import express from 'express';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { cachedKeys, cpgAuth, memoryStore, route, routes } from './index.ts';
import { CpgInstrumentation } from './opentelemetry.ts';

const clock = () => NOW * 1000;

/** The SDK of a service, with exporters in memory. */
const startSdk = () => {
  const spans = new InMemorySpanExporter();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  const contextManager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contextManager);
  const readMetrics = async () => {
    await reader.forceFlush();
    const [latest] = exporter.getMetrics().slice(-1);
    const found = latest?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
    return Object.fromEntries(
      found.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => ({ attributes, value })),
      ]),
    );
  };
  return { spans, meterProvider, tracerProvider, readMetrics };
};

afterEach(() => {
  context.disable();
  metrics.disable();
  trace.disable();
});

const start = async () => {
  const keys = cachedKeys({ find: (keyId) => (keyId === 'ck_full' ? testKey() : undefined) });
  const store = memoryStore({ clock });
  const app = express();
  app.use('/v1', cpgAuth({ keys, store, clock, logger: recordingLogger() }));
  app.use(routes([route(endpoints.ping, () => ({ pong: true as const }))]));
  return { keys, store, port: await serve(app) };
};

describe('CpgInstrumentation', () => {
  it('adds its attributes to the span of instrumentation-http, before that ends', async () => {
    const { spans, tracerProvider, meterProvider } = startSdk();
    const instrumentations = [new HttpInstrumentation(), new CpgInstrumentation()];
    onTestFinished(registerInstrumentations({ instrumentations, tracerProvider, meterProvider }));
    // Instrumentations patch modules when they are required.
    createRequire(import.meta.url)('node:http');
    const { port } = await start();
    await exchange(port, signedRequest({ headers: { 'X-Request-Id': 'req-7' } }));
    await exchange(port, signedRequest({ secret: 'other' }));
    await expect.poll(() => spans.getFinishedSpans().length).toBe(2);
    const [served, rejected] = spans.getFinishedSpans();
    expect(served?.attributes).toMatchObject({
      'http.response.status_code': 200,
      'http.route': '/v1/_ping',
      'cpg.outcome': 'served',
      'cpg.key_id': 'ck_full',
      'cpg.request_id': 'req-7',
      'cpg.admission.ms': expect.any(Number),
      'cpg.authentication.ms': expect.any(Number),
    });
    expect(rejected?.attributes).toMatchObject({
      'http.response.status_code': 401,
      'cpg.outcome': 'invalid_signature',
      'cpg.rejected_by': 'signature',
    });
  });

  it('records durations, errors, the cache of keys and the memory store', async () => {
    const { meterProvider, readMetrics } = startSdk();
    const { keys, store, port } = await start();
    const instrumentation = new CpgInstrumentation({ keys, store });
    onTestFinished(() => instrumentation.disable());
    instrumentation.setMeterProvider(meterProvider);
    // Twice the same one must not count twice.
    instrumentation.setMeterProvider(meterProvider);
    await exchange(port, signedRequest());
    await exchange(port, signedRequest());
    await expect.poll(async () => (await readMetrics())['cpg.server.request.duration']?.length).toBe(2);
    const recorded = await readMetrics();
    expect(recorded['cpg.server.request.duration']?.map(({ attributes }) => attributes)).toEqual([
      {
        'http.request.method': 'GET',
        'http.route': '/v1/_ping',
        'http.response.status_code': 200,
        'cpg.outcome': 'served',
      },
      {
        'http.request.method': 'GET',
        'http.route': '/v1/_ping',
        'http.response.status_code': 401,
        'cpg.outcome': 'signature_already_used',
      },
    ]);
    expect(recorded['cpg.server.check.duration']).toHaveLength(8);
    const values = (name: string) => recorded[name]?.map(({ value }) => value);
    expect(recorded['cpg.key_cache.requests']).toEqual([
      { attributes: { 'cpg.result': 'hit' }, value: 1 },
      { attributes: { 'cpg.result': 'shared' }, value: 0 },
      { attributes: { 'cpg.result': 'miss' }, value: 1 },
      { attributes: { 'cpg.result': 'rejected' }, value: 0 },
    ]);
    expect(values('cpg.key_cache.keys')).toEqual([1]);
    expect(values('cpg.key_cache.pending')).toEqual([0]);
    expect(values('cpg.key_cache.failures')).toEqual([0]);
    expect(values('cpg.key_cache.evictions')).toEqual([0]);
    expect(values('cpg.admission_store.signatures')).toEqual([1]);
  });

  it('uses the global provider, works without sources, and counts errors by code', async () => {
    const { meterProvider, readMetrics } = startSdk();
    const instrumentation = new CpgInstrumentation();
    onTestFinished(() => instrumentation.disable());
    metrics.setGlobalMeterProvider(meterProvider);
    const app = express();
    const keys = cachedKeys({ find: () => Promise.reject(new Error('down')) });
    app.use(cpgAuth({ keys, store: memoryStore({ clock }), clock, logger: recordingLogger() }));
    await exchange(await serve(app), signedRequest());
    await expect
      .poll(async () => (await readMetrics())['cpg.server.errors'])
      .toEqual([{ attributes: { 'cpg.error_code': 'store_unavailable' }, value: 1 }]);
    expect((await readMetrics())['cpg.key_cache.requests'] ?? []).toEqual([]);
    expect((await readMetrics())['cpg.key_cache.keys'] ?? []).toEqual([]);
    instrumentation.setConfig({ keys });
    expect(instrumentation.getConfig()).toEqual({ keys });
    expect((await readMetrics())['cpg.key_cache.failures']?.map(({ value }) => value)).toEqual([1]);
  });

  it('does nothing while it is disabled', async () => {
    const { meterProvider, readMetrics } = startSdk();
    const instrumentation = new CpgInstrumentation({ enabled: false });
    instrumentation.setMeterProvider(meterProvider);
    const { port } = await start();
    await exchange(port, signedRequest());
    instrumentation.enable();
    instrumentation.enable();
    await exchange(port, signedRequest());
    await expect.poll(async () => (await readMetrics())['cpg.server.request.duration']?.length).toBe(1);
    instrumentation.disable();
    await exchange(port, signedRequest({ target: '/v1/nothing' }));
    expect((await readMetrics())['cpg.server.request.duration']).toHaveLength(1);
  });

  it('rejects unknown options', () => {
    expect(() => new CpgInstrumentation({ key: 1 } as never)).toThrow(
      'CpgInstrumentation: there is no option "key". Did you mean "keys"?',
    );
    const instrumentation = new CpgInstrumentation({ enabled: false });
    expect(() => instrumentation.setConfig({ store: {} } as never)).toThrow(
      'store must be a store with a size',
    );
  });
});
