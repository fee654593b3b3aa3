import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { MemoryStore } from '../admission/memory/memory-store.ts';
import type { CachedKeys } from '../keys/cached-keys.ts';
import { type OptionRule, optional, withMethods } from '../options.ts';
import { RESPONSE_CHANNEL, type ResponseEvent } from './response-event.ts';

/** What metrics read besides responses. */
export interface MetricSources {
  /** Adds hits, evictions, failures and look-ups in flight of this cache. */
  readonly keys?: CachedKeys | undefined;
  /** Adds the number of live signatures of this store. */
  readonly store?: Pick<MemoryStore, 'size'> | undefined;
}

/** The rules for {@link MetricSources}. */
export const SOURCE_RULES: Readonly<Record<keyof MetricSources, OptionRule>> = {
  keys: optional(withMethods(['getStats'], 'made by cachedKeys(…)')),
  store: optional((value) =>
    typeof (value as { readonly size?: unknown } | null)?.size === 'number'
      ? undefined
      : 'be a store with a size, e.g. memoryStore()',
  ),
};

/** The labels of one response. A client can choose none of their values, so the number of series is bounded. */
export interface ResponseLabels {
  readonly method: string;
  readonly route: string;
  readonly status: string;
  readonly outcome: string;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const OTHER = 'other';
// The routes of an app are code, but a router mounted at `/:tenant` puts the tenant into the route.
const MAX_ROUTES = 200;

/** Calls a listener for every response; returns the function that ends it. */
export const subscribeToResponses = (
  listener: (event: ResponseEvent, labels: ResponseLabels) => void,
): (() => void) => {
  const routes = new Set<string>();
  const getRoute = (route = OTHER): string => {
    if (routes.size < MAX_ROUTES) routes.add(route);
    return routes.has(route) ? route : OTHER;
  };
  const onResponse = (message: unknown) => {
    const event = message as ResponseEvent;
    const { method, route, status = 'none', outcome } = event;
    listener(event, {
      method: METHODS.has(method) ? method : OTHER,
      route: getRoute(route),
      status: String(status),
      outcome,
    });
  };
  subscribe(RESPONSE_CHANNEL, onResponse);
  return () => {
    unsubscribe(RESPONSE_CHANNEL, onResponse);
  };
};

/** How requests used the cache of keys, as counters by result. */
export const countCacheResults = (
  keys: CachedKeys,
): readonly (readonly [result: string, count: number])[] => {
  const { hits, shared, misses, rejected } = keys.getStats();
  return [
    ['hit', hits],
    ['shared', shared],
    ['miss', misses],
    ['rejected', rejected],
  ];
};

/** From 1 ms to 10 s, in seconds. */
export const DURATION_BUCKETS: readonly number[] = Object.freeze([
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
]);
