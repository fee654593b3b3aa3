import type { CachedKeys } from '@cpg/server-middleware';
import { metrics } from '@cpg/server-middleware/prometheus';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { isDatabaseUnavailable } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Ends the counting of responses. */
  readonly stop: () => void;
}

/** Prometheus metrics of responses, keys, work in flight and the process. */
export const createMetrics = (db: Database, keys: CachedKeys): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  registerLedgerGauges(db, registers);
  return { registry, stop: metrics(registry, { keys }) };
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
