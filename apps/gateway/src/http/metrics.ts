import { createPathMatcher, endpoints } from '@cpg/protocol';
import type { DecisionTrace } from '@cpg/server-middleware';
import type { RequestHandler } from 'express';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isDatabaseUnavailable } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Counts and times every request. */
  readonly observe: RequestHandler;
  /** Counts the outcomes of authentication. */
  countDecision(trace: DecisionTrace): void;
}

const TEMPLATES = Object.values(endpoints).map(({ path }) => ({
  path,
  match: createPathMatcher(path),
}));

/** The template of a path, so that ids make no new series; `other` for what is no endpoint. */
export const getRouteLabel = (target: string): string => {
  const path = target.split('?', 1)[0] ?? '';
  return TEMPLATES.find(({ match }) => match(path) !== undefined)?.path ?? 'other';
};

/** Prometheus metrics of requests, authentication outcomes, work in flight and the process. */
export const createMetrics = (db: Database): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the start of a request to the end of its response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const decisions = new Counter({
    name: 'cpg_decisions_total',
    help: 'Signed requests by authentication outcome',
    labelNames: ['outcome'],
    registers,
  });
  registerLedgerGauges(db, registers);
  return {
    registry,
    observe: (request, response, next) => {
      const end = requests.startTimer({ method: request.method, route: getRouteLabel(request.originalUrl) });
      response.once('close', () => end({ status: response.statusCode }));
      next();
    },
    countDecision: ({ outcome }) => decisions.inc({ outcome }),
  };
};

// Read from the database at each scrape: the values are the same for every process.
const registerLedgerGauges = (db: Database, registers: Registry[]): void => {
  registerStatusGauge(registers, {
    name: 'cpg_withdrawals_in_flight',
    help: 'Withdrawals in flight, by status',
    count: () =>
      db
        .selectFrom('withdrawal')
        .select((count) => ['status', count.fn.countAll<number>().as('count')])
        .where('status', 'in', ['pending', 'broadcasted'])
        .groupBy('status')
        .execute(),
  });
  registerStatusGauge(registers, {
    name: 'cpg_webhook_deliveries_undelivered',
    help: 'Webhook deliveries that are pending or dead, by status',
    count: () =>
      db
        .selectFrom('webhook_delivery')
        .select((count) => ['status', count.fn.countAll<number>().as('count')])
        .where('status', 'in', ['pending', 'dead'])
        .groupBy('status')
        .execute(),
  });
};

interface StatusGauge {
  readonly name: string;
  readonly help: string;
  readonly count: () => Promise<readonly { readonly status: string; readonly count: number }[]>;
}

const registerStatusGauge = (registers: Registry[], { name, help, count }: StatusGauge): void => {
  new Gauge({
    name,
    help,
    labelNames: ['status'],
    registers,
    async collect() {
      this.reset();
      // During a database outage the other metrics are still served; this gauge is omitted.
      const rows = await count().catch((error: unknown) => {
        if (isDatabaseUnavailable(error)) return [];
        throw error;
      });
      for (const row of rows) this.set({ status: row.status }, row.count);
    },
  });
};
