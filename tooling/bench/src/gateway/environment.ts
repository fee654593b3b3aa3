import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type Database, openDatabase } from '@cpg/gateway/database/open-database.ts';
import { createSecretBox, type SecretBox } from '@cpg/gateway/database/secret-box.ts';
import { createApiKey } from '@cpg/gateway/keys/api-keys.ts';
import { PERMISSIONS } from '@cpg/protocol';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { findChildren } from '@cpg/test-support/processes';
import { RedisServer } from '@cpg/test-support/redis';
import pg from 'pg';

const MASTER_KEY = 'ab'.repeat(32);
const MILLIS_A_TICK = 10;
const CREATED_AT_ONCE = 8;

/** How much is measured: everything, or so little that a test can run it. */
export interface Sizes {
  readonly accounts: number;
  readonly requests: number;
  readonly deliveries: number;
  readonly dueDeliveries: number;
  /** Of one account, in turn. */
  readonly transactions: readonly number[];
  readonly seconds: number;
  /** In an audit. */
  readonly deposits: number;
  /** Events with a delivery and an attempt, in tenths of which one is old. */
  readonly keptDeliveries: number;
}

export const SIZES: Readonly<Record<'full' | 'quick', Sizes>> = {
  full: {
    accounts: 1_000,
    requests: 2_000,
    deliveries: 10_000,
    dueDeliveries: 100_000,
    transactions: [10_000, 100_000, 1_000_000],
    seconds: 8,
    deposits: 2_000_000,
    keptDeliveries: 2_000_000,
  },
  quick: {
    accounts: 4,
    requests: 60,
    deliveries: 60,
    dueDeliveries: 200,
    transactions: [400],
    seconds: 1,
    deposits: 400,
    keptDeliveries: 400,
  },
};

export const getAccount = (index: number) => ({
  id: `acct_bench_${index}`,
  keyId: `ck_bench_${index}`,
  secret: `bench-secret-of-account-${index}`,
});

/** PostgreSQL and Redis of their own, and what the benchmarks do with them. */
export interface Environment {
  readonly sizes: Sizes;
  readonly redis: RedisServer;
  readonly box: SecretBox;
  /** Creates a database that a gateway has migrated, with accounts that can withdraw. */
  createLedger(name: string, options?: LedgerOptions): Promise<Ledger>;
  /** Starts a streaming standby of all databases. */
  startStandby(name: string): Promise<Postgres>;
  stop(): Promise<void>;
}

export interface LedgerOptions {
  /** @default 1 */
  readonly accounts?: number;
  /** Delivers to loopback addresses over http. @default false */
  readonly sandbox?: boolean;
  readonly settleSeconds?: number;
}

export interface Ledger {
  readonly url: string;
  /** Without time limits. */
  readonly db: Database;
  readonly admin: pg.Pool;
  /** Starts a built gateway on this database; it stops with the ledger. */
  start(): Promise<GatewayProcess>;
  /** CPU microseconds of all processes of the database so far. */
  readDatabaseCpu(): number;
  stop(): Promise<void>;
}

// The 14th to 17th fields are the time of the process and of the children that it has waited for; the second field is a name.
const readTicks = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  } catch {
    // The process has ended.
    return 0;
  }
};

/** CPU microseconds of a process so far, in steps of 10 ms. */
export const readCpu = (pid: number): number => readTicks(pid) * MILLIS_A_TICK * 1_000;

const getParent = (pid: number): number =>
  Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  );

export const startEnvironment = async (sizes: Sizes): Promise<Environment> => {
  const postgres = await startPostgres(['shared_buffers=512MB', 'max_wal_size=4GB', 'checkpoint_timeout=1h']);
  const redis = await RedisServer.start();
  const box = createSecretBox(Buffer.from(MASTER_KEY, 'hex'));
  return {
    sizes,
    redis,
    box,
    createLedger: (name, options = {}) => createLedger({ postgres, redis, box }, name, options),
    startStandby: (name) => postgres.startStandby(name),
    stop: async () => {
      await redis.stop();
      await postgres.stop();
    },
  };
};

interface Servers {
  readonly postgres: Postgres;
  readonly redis: RedisServer;
  readonly box: SecretBox;
}

const createLedger = async (
  { postgres, redis, box }: Servers,
  name: string,
  { accounts = 1, sandbox = false, settleSeconds = 2 }: LedgerOptions,
): Promise<Ledger> => {
  const url = postgres.createDatabase(name);
  const gateways: GatewayProcess[] = [];
  const start = async () => {
    const gateway = await startBuiltGateway({
      CPG_SANDBOX: String(sandbox),
      CPG_LOG_LEVEL: 'error',
      CPG_IP_LIMIT_PER_MINUTE: '0',
      CPG_MASTER_KEY: MASTER_KEY,
      CPG_CHAIN_SETTLE_SECONDS: String(settleSeconds),
      DATABASE_URL: url,
      REDIS_URL: redis.url,
    });
    gateways.push(gateway);
    return gateway;
  };
  // The first start writes the schema.
  await (await start()).stop();
  const db = await openDatabase({ databaseUrl: url, dataDir: undefined }, { patient: true });
  const admin = new pg.Pool({ connectionString: url, max: 2 });
  admin.on('error', () => undefined);
  await createAccounts({ db, admin, box }, accounts);
  const { rows } = await admin.query('SELECT pg_backend_pid() AS pid');
  const postmaster = getParent(rows[0].pid);
  return {
    url,
    db,
    admin,
    start,
    readDatabaseCpu: () =>
      [postmaster, ...findChildren(postmaster)].reduce((sum, pid) => sum + readCpu(pid), 0),
    stop: async () => {
      for (const gateway of gateways) await gateway.stop();
      await db.destroy();
      await admin.end();
    },
  };
};

interface Access {
  readonly db: Database;
  readonly admin: pg.Pool;
  readonly box: SecretBox;
}

const createAccounts = async ({ db, admin, box }: Access, count: number): Promise<void> => {
  const ids = Array.from({ length: count }, (_, index) => getAccount(index));
  await admin.query('INSERT INTO account SELECT id, id FROM unnest($1::text[]) AS id', [
    ids.map(({ id }) => id),
  ]);
  const statements = [
    `INSERT INTO account_currency SELECT account.id, currency, network, true, true FROM account, currency
      WHERE account.id LIKE 'acct_bench_%'`,
    `INSERT INTO balance SELECT account.id, currency, network, 1e12, 0 FROM account, currency
      WHERE account.id LIKE 'acct_bench_%'`,
    `INSERT INTO ledger_entry (account_id, currency, network, kind, balance_delta, held_delta, created_at)
      SELECT account_id, currency, network, 'opening', balance, 0, now() FROM balance
      WHERE account_id LIKE 'acct_bench_%'`,
    `INSERT INTO hot_wallet SELECT account.id, network, 'wallet-' || account.id || network FROM account, network
      WHERE account.id LIKE 'acct_bench_%'`,
  ];
  for (const statement of statements) await admin.query(statement);
  const rights = { permissions: PERMISSIONS, rateLimitPerMinute: 1_000_000_000 };
  const rest = [...ids];
  const createKeys = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const { id, keyId, secret } = next;
      await createApiKey(db, box, { keyId, accountId: id, secret, ...rights });
    }
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, createKeys));
  await admin.query('ANALYZE');
};

/** Waits until a condition holds; returns the seconds it took. */
export const waitUntil = async (holds: () => Promise<boolean>): Promise<number> => {
  const startedAt = performance.now();
  while (!(await holds())) await wait(50);
  return (performance.now() - startedAt) / 1000;
};
