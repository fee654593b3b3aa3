import {
  type Attributes,
  type Meter,
  type MeterProvider,
  metrics,
  type Observable,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import manifest from '../package.json' with { type: 'json' };
import type { ResponseEvent } from './observability/response-event.ts';
import {
  countCacheResults,
  DURATION_BUCKETS,
  type MetricSources,
  type ResponseLabels,
  SOURCE_RULES,
  subscribeToResponses,
} from './observability/response-metrics.ts';
import { aBoolean, assertOptions, type OptionRules, optional } from './options.ts';

export interface CpgInstrumentationConfig extends MetricSources {
  /** Start at once, without `registerInstrumentations`. @default true */
  readonly enabled?: boolean;
}

const RULES: OptionRules<CpgInstrumentationConfig> = { ...SOURCE_RULES, enabled: optional(aBoolean) };

/**
 * An instrumentation for OpenTelemetry: `registerInstrumentations({ instrumentations: [new CpgInstrumentation()] })`, or in
 * the list of a NodeSDK. Sets attributes of the decision on the active span of the request, such as the one of
 * `@opentelemetry/instrumentation-http`: `cpg.outcome`, `cpg.rejected_by`, `cpg.error_code`, `cpg.key_id`, `cpg.request_id`,
 * `http.route`, and the milliseconds of the authentication and of each check. Records the metrics
 * `cpg.server.request.duration` and `cpg.server.check.duration` (seconds), `cpg.server.errors`, with `keys`
 * `cpg.key_cache.requests`, `.failures`, `.evictions`, `.keys` and `.pending`, and with `store`
 * `cpg.admission_store.signatures`.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export class CpgInstrumentation {
  readonly instrumentationName = manifest.name;
  readonly instrumentationVersion = manifest.version;
  #config: CpgInstrumentationConfig;
  #meterProvider: MeterProvider | undefined;
  #record: RecordResponse | undefined;
  #stop: (() => void) | undefined;

  constructor(config: CpgInstrumentationConfig = {}) {
    assertOptions({ owner: 'CpgInstrumentation', options: config, rules: RULES });
    this.#config = config;
    if (config.enabled !== false) this.enable();
  }

  enable(): void {
    this.#stop ??= subscribeToResponses((event, labels) => {
      // Not before the first response: the global meter provider may be set after this instrumentation.
      if (this.#record === undefined) this.setMeterProvider(metrics.getMeterProvider());
      this.#record?.(event, labels);
      trace.getActiveSpan()?.setAttributes(getSpanAttributes(event));
    });
  }

  disable(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  setMeterProvider(provider: MeterProvider): void {
    // A second set of observers would count twice.
    if (this.#meterProvider === provider) return;
    this.#meterProvider = provider;
    const meter = provider.getMeter(this.instrumentationName, this.instrumentationVersion);
    this.#record = createInstruments(meter, () => this.#config);
  }

  /** Does nothing: the spans belong to the instrumentation of the server. */
  setTracerProvider(_provider: TracerProvider): void {}

  setConfig(config: CpgInstrumentationConfig): void {
    assertOptions({ owner: 'CpgInstrumentation', options: config, rules: RULES });
    this.#config = config;
  }

  getConfig(): CpgInstrumentationConfig {
    return this.#config;
  }
}

type RecordResponse = (event: ResponseEvent, labels: ResponseLabels) => void;

const createInstruments = (meter: Meter, getSources: () => MetricSources): RecordResponse => {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: [...DURATION_BUCKETS] } };
  const durations = meter.createHistogram('cpg.server.request.duration', {
    ...seconds,
    description: 'Time from the start of a request to the end of its response',
  });
  const checks = meter.createHistogram('cpg.server.check.duration', {
    ...seconds,
    description: 'Time of each passed check of the authentication',
  });
  const errors = meter.createCounter('cpg.server.errors', {
    description: 'Responses with 500 or 503 by the code of the ServerMiddlewareError',
  });
  observeSources(meter, getSources);
  return ({ ms, passed, errorCode, status }, { method, route, outcome }) => {
    durations.record(ms / 1000, {
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'cpg.outcome': outcome,
    });
    for (const { check, ms: checkMs } of passed) checks.record(checkMs / 1000, { 'cpg.check': check });
    if (errorCode !== undefined) errors.add(1, { 'cpg.error_code': errorCode });
  };
};

const observeSources = (meter: Meter, getSources: () => MetricSources): void => {
  meter
    .createObservableCounter('cpg.key_cache.requests', { description: 'Look-ups of keys by result' })
    .addCallback((observer) => {
      const { keys } = getSources();
      for (const [result, count] of keys === undefined ? [] : countCacheResults(keys)) {
        observer.observe(count, { 'cpg.result': result });
      }
    });
  const getStats = () => getSources().keys?.getStats();
  const observe = (instrument: Observable, read: () => number | undefined) =>
    instrument.addCallback((observer) => {
      const value = read();
      if (value !== undefined) observer.observe(value);
    });
  observe(meter.createObservableCounter('cpg.key_cache.failures'), () => getStats()?.failures);
  observe(meter.createObservableCounter('cpg.key_cache.evictions'), () => getStats()?.evicted);
  observe(meter.createObservableGauge('cpg.key_cache.keys'), () => getStats()?.size);
  observe(meter.createObservableGauge('cpg.key_cache.pending'), () => getStats()?.pending);
  observe(meter.createObservableGauge('cpg.admission_store.signatures'), () => getSources().store?.size);
};

const getSpanAttributes = (event: ResponseEvent): Attributes => {
  const attributes: Attributes = {
    'cpg.outcome': event.outcome,
    'cpg.rejected_by': event.rejectedBy,
    'cpg.error_code': event.errorCode,
    'cpg.key_id': event.keyId,
    'cpg.request_id': event.requestId,
    'cpg.authentication.ms': event.authenticationMs,
    'http.route': event.route,
  };
  for (const { check, ms } of event.passed) attributes[`cpg.${check}.ms`] = ms;
  return attributes;
};
