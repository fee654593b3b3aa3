import type { CachedKeys } from '@cpg/server-middleware';
import { metrics } from '@cpg/server-middleware/prometheus';
import { sql } from 'kysely';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { measureSettlementLag } from '../chain/chain-state.ts';
import { countFailures } from '../chain/settlement-failures.ts';
import { type PoolUse, readPoolUse } from '../database/database-health.ts';
import { isDatabaseUnavailable } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { countStaleSecrets } from '../keys/sealed-secrets.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { countDroppedLines } from '../log.ts';
import { countSuspended, measureDeliveryLag } from '../webhooks/deliveries.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Ends the counting of responses. */
  readonly stop: () => void;
}

export interface MetricServices extends LedgerServices {
  readonly box: SecretBox;
  /** The pools of connections, by the name of what they serve. */
  readonly pools: Readonly<Record<string, Database>>;
}

/** Prometheus metrics of responses, keys, work in flight, connections and the process. */
export const createMetrics = (services: MetricServices, keys: CachedKeys): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: 'cpg_log_lines_dropped_total',
    help: 'Log lines dropped because the reader of the log was too slow',
    registers,
    collect() {
      this.reset();
      this.inc(countDroppedLines());
    },
  });
  registerLedgerGauges(services.db, registers);
  registerSettlementGauges(services, registers);
  registerWebhookGauges(services, registers);
  registerPoolGauges(services, registers);
  registerGauge(registers, {
    name: 'cpg_master_key_stale_secrets',
    help: 'Secrets that are not encrypted with the master key of this process',
    read: () => countStaleSecrets(services.db, services.box),
  });
  return { registry, stop: metrics(registry, { keys }) };
};

// Read from the database at each scrape: the values are the same for every process.
const registerLedgerGauges = (db: Database, registers: Registry[]): void => {
  registerStatusGauge(registers, {
    name: 'cpg_withdrawals_in_flight',
    help: 'Withdrawals in flight, by status, counted up to 100000',
    count: () => countByStatus(db, 'withdrawal', ['pending', 'broadcasted']),
  });
  registerStatusGauge(registers, {
    name: 'cpg_webhook_deliveries_undelivered',
    help: 'Webhook deliveries that are pending or dead, by status, counted up to 100000',
    count: () => countByStatus(db, 'webhook_delivery', ['pending', 'dead']),
  });
};

interface StatusCount {
  readonly status: string;
  readonly count: number;
}

// Each status has a partial index. The limit bounds the time of a scrape.
const MAX_COUNTED = 100_000;

const countByStatus = async (
  db: Database,
  table: 'withdrawal' | 'webhook_delivery',
  statuses: readonly string[],
): Promise<readonly StatusCount[]> => {
  // Not as parameters: the planner must see that a partial index covers a status.
  const counts = statuses.map(
    (status) => sql`SELECT ${sql.lit(status)} AS status, count(*) AS count FROM (
      SELECT FROM ${sql.table(table)} WHERE status = ${sql.lit(status)} LIMIT ${sql.lit(MAX_COUNTED)}) AS found`,
  );
  const { rows } = await sql<StatusCount>`${sql.join(counts, sql` UNION ALL `)}`.execute(db);
  return rows;
};

const registerSettlementGauges = (services: LedgerServices, registers: Registry[]): void => {
  registerGauge(registers, {
    name: 'cpg_settlement_lag_seconds',
    help: 'Seconds since the oldest transaction that is not settled became final',
    read: async () => (await measureSettlementLag(services)) / 1000,
  });
  registerGauge(registers, {
    name: 'cpg_settlement_failures',
    help: 'Transactions that failed to settle or to be broadcast, and are tried again',
    read: () => countFailures(services.db),
  });
};

const registerWebhookGauges = (services: LedgerServices, registers: Registry[]): void => {
  registerGauge(registers, {
    name: 'cpg_webhook_delivery_lag_seconds',
    help: 'Seconds since the oldest due delivery that no process has claimed was due; suspended endpoints excluded',
    read: async () => (await measureDeliveryLag(services)) / 1000,
  });
  registerGauge(registers, {
    name: 'cpg_webhook_endpoints_suspended',
    help: 'Webhook endpoints that are suspended because they do not respond',
    read: () => countSuspended(services),
  });
};

const POOL_GAUGES: Readonly<Record<string, readonly [help: string, read: (use: PoolUse) => number]>> = {
  cpg_database_connections_in_use: ['Connections to PostgreSQL in use', ({ open, idle }) => open - idle],
  cpg_database_connections_max: ['The most connections that the pool opens', ({ max }) => max],
  cpg_database_requests_waiting: [
    'Statements and transactions that wait for a connection',
    ({ waiting }) => waiting,
  ],
};

const registerPoolGauges = ({ pools }: MetricServices, registers: Registry[]): void => {
  for (const [name, [help, read]] of Object.entries(POOL_GAUGES)) {
    new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers,
      collect() {
        for (const [pool, db] of Object.entries(pools)) {
          const use = readPoolUse(db);
          if (use !== undefined) this.set({ pool }, read(use));
        }
      },
    });
  }
};

interface ReadGauge {
  readonly name: string;
  readonly help: string;
  readonly read: () => Promise<number>;
}

const registerGauge = (registers: Registry[], { name, help, read }: ReadGauge): void => {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      const value = await unlessUnavailable(read);
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
};

// During a database outage the other metrics are still served; those that need it are omitted.
const unlessUnavailable = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (isDatabaseUnavailable(error)) return undefined;
    throw error;
  }
};

interface StatusGauge {
  readonly name: string;
  readonly help: string;
  readonly count: () => Promise<readonly StatusCount[]>;
}

const registerStatusGauge = (registers: Registry[], { name, help, count }: StatusGauge): void => {
  new Gauge({
    name,
    help,
    labelNames: ['status'],
    registers,
    async collect() {
      this.reset();
      const rows = (await unlessUnavailable(count)) ?? [];
      for (const row of rows) this.set({ status: row.status }, row.count);
    },
  });
};
