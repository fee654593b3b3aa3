import {
  type CollectFunction,
  Counter,
  Gauge,
  Histogram,
  type Registry,
  type RegistryContentType,
} from 'prom-client';
import {
  countCacheResults,
  DURATION_BUCKETS,
  type MetricSources,
  SOURCE_RULES,
  subscribeToResponses,
} from './observability/response-metrics.ts';
import { assertOptions, assertValue, type OptionRules, optional, withMethods } from './options.ts';

export interface MetricsOptions extends MetricSources {
  /** Upper bounds of the histograms, in seconds. @default 0.001 to 10 */
  readonly buckets?: readonly number[] | undefined;
}

const aBucketList = (value: unknown): string | undefined =>
  Array.isArray(value) && value.length > 0 && value.every((bound) => Number.isFinite(bound) && bound > 0)
    ? undefined
    : 'be a list of seconds, each greater than 0';

const RULES: OptionRules<MetricsOptions> = { ...SOURCE_RULES, buckets: optional(aBucketList) };

/**
 * Adds the metrics of this package to a registry of prom-client, and returns the function that stops counting:
 *
 * - `cpg_http_requests_total` by method, route, status and outcome
 * - `cpg_http_request_duration_seconds` by method, route and status
 * - `cpg_check_duration_seconds` by check of the authentication
 * - `cpg_errors_total` by the code of the `ServerMiddlewareError`
 * - with `keys`: `cpg_key_cache_requests_total` by result (hit, shared, miss, rejected), `cpg_key_cache_failures_total`,
 *   `cpg_key_cache_evictions_total`, `cpg_key_cache_keys`, `cpg_key_cache_pending`
 * - with `store`: `cpg_admission_store_signatures`
 *
 * Routes are path templates; a client can choose no label. Call it once for a registry.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const metrics = (
  register: Registry<RegistryContentType>,
  options: MetricsOptions = {},
): (() => void) => {
  assertValue({
    name: 'metrics: register',
    value: register,
    rule: withMethods(['registerMetric', 'metrics'], 'a registry of prom-client, e.g. new Registry()'),
  });
  assertOptions({ owner: 'metrics', options, rules: RULES });
  const { keys, store } = options;
  const registers = [register] as Registry[];
  const buckets = [...(options.buckets ?? DURATION_BUCKETS)];

  const requests = new Counter({
    name: 'cpg_http_requests_total',
    help: 'Requests by method, route, status and outcome',
    labelNames: ['method', 'route', 'status', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'cpg_http_request_duration_seconds',
    help: 'Time from the start of a request to the end of its response',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers,
  });
  const checks = new Histogram({
    name: 'cpg_check_duration_seconds',
    help: 'Time of each passed check of the authentication',
    labelNames: ['check'],
    buckets,
    registers,
  });
  const errors = new Counter({
    name: 'cpg_errors_total',
    help: 'Responses with 500 or 503 by the code of the ServerMiddlewareError',
    labelNames: ['code'],
    registers,
  });
  if (keys !== undefined) registerCache(keys, registers);
  if (store !== undefined) {
    registerGauge(registers, {
      name: 'cpg_admission_store_signatures',
      help: 'Live signatures in memory',
      read: () => store.size,
    });
  }

  return subscribeToResponses(({ ms, passed, errorCode }, { method, route, status, outcome }) => {
    requests.inc({ method, route, status, outcome });
    durations.observe({ method, route, status }, ms / 1000);
    for (const { check, ms: checkMs } of passed) checks.observe({ check }, checkMs / 1000);
    if (errorCode !== undefined) errors.inc({ code: errorCode });
  });
};

const registerCache = (keys: NonNullable<MetricsOptions['keys']>, registers: Registry[]): void => {
  const collect: CollectFunction<Counter<'result'>> = function collect() {
    this.reset();
    for (const [result, count] of countCacheResults(keys)) this.inc({ result }, count);
  };
  new Counter({
    name: 'cpg_key_cache_requests_total',
    help: 'Look-ups of keys: answered by the cache (hit), by the look-up of another request (shared), by the store (miss), or not (rejected)',
    labelNames: ['result'],
    registers,
    collect,
  });
  const counters = [
    ['failures', 'Look-ups that failed or were late', () => keys.getStats().failures],
    ['evictions', 'Keys evicted before their time: maxEntries is too small', () => keys.getStats().evicted],
  ] as const;
  for (const [name, help, read] of counters) {
    new Counter({
      name: `cpg_key_cache_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
  registerGauge(registers, {
    name: 'cpg_key_cache_keys',
    help: 'Cached keys',
    read: () => keys.getStats().size,
  });
  registerGauge(registers, {
    name: 'cpg_key_cache_pending',
    help: 'Look-ups in flight in the key store',
    read: () => keys.getStats().pending,
  });
};

interface GaugeToRegister {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
}

const registerGauge = (registers: Registry[], { name, help, read }: GaugeToRegister): void => {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
};
