import { setTimeout as wait } from 'node:timers/promises';
import { openDatabase } from '@cpg/gateway/database/open-database.ts';
import { auditLedger } from '@cpg/gateway/ledger/audit.ts';
import { auditSinceLast } from '@cpg/gateway/ledger/audit-since-last.ts';
import { listTransactions } from '@cpg/gateway/ledger/transactions.ts';
import { claimDue } from '@cpg/gateway/webhooks/attempts.ts';
import { registerWebhook } from '@cpg/gateway/webhooks/endpoints.ts';
import { deleteOldEvents } from '@cpg/gateway/webhooks/retention.ts';
import { redisStore } from '@cpg/server-middleware/redis';
import { findChildren } from '@cpg/test-support/processes';
import { RedisServer } from '@cpg/test-support/redis';
import { startRedisCluster } from '@cpg/test-support/server-middleware/redis';
import { createClient, createCluster } from 'redis';
import { SILENT } from '../server-middleware/redis.ts';
import { type Environment, getAccount, type Ledger, readCpu } from './environment.ts';
import { sendAll, withdrawalRequest } from './requests.ts';
import { getContender } from './requests-per-second.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Adds confirmed and credited deposits of all accounts. */
const addDeposits = async (ledger: Ledger, accounts: number, [first, last]: readonly [number, number]) => {
  const admin = await ledger.admin.connect();
  // What is written is known to be consistent: the checks of foreign keys would take most of the time.
  await admin.query('SET session_replication_role = replica');
  const { rows } = await admin.query(
    `WITH deposit AS (
       INSERT INTO chain_transaction (account_id, direction, status, currency, network, to_address, amount, tx_hash,
         created_at, confirmed_at)
       SELECT 'acct_bench_' || n % $1, 'deposit', 'confirmed', 'USDT', 'ETH', 'address', 1, md5(n::text), now(), now()
       FROM generate_series($2::int, $3::int) AS n RETURNING *),
     entry AS (
       INSERT INTO ledger_entry (account_id, currency, network, kind, balance_delta, held_delta, deposit_id, created_at)
       SELECT account_id, currency, network, 'deposit', amount, 0, id, now() FROM deposit RETURNING *),
     credit AS (
       SELECT account_id, sum(balance_delta) AS amount FROM entry GROUP BY account_id)
     UPDATE balance SET balance = balance + credit.amount FROM credit
     WHERE balance.account_id = credit.account_id AND currency = 'USDT' AND network = 'ETH' RETURNING 1`,
    [accounts, first, last],
  );
  await admin.query('RESET session_replication_role');
  admin.release();
  return rows.length;
};

/** What an audit of everything takes, and one of what is new. */
export const benchAudit = async ({ createLedger, sizes }: Environment): Promise<void> => {
  const { accounts, deposits } = sizes;
  const ledger = await createLedger('audit', { accounts });
  await addDeposits(ledger, accounts, [1, deposits]);
  await ledger.admin.query('VACUUM ANALYZE');
  const measure = async (
    name: string,
    audit: () => Promise<{ readonly violations: number; readonly ids: number }>,
  ) => {
    const before = { at: performance.now(), own: process.cpuUsage(), database: ledger.readDatabaseCpu() };
    const { violations, ids } = await audit();
    const seconds = (performance.now() - before.at) / 1000;
    const own = process.cpuUsage(before.own);
    print(
      `  ${name.padEnd(46)} ${seconds.toFixed(2)} s, ${((own.user + own.system) / 1e6).toFixed(2)} s of CPU here and ` +
        `${((ledger.readDatabaseCpu() - before.database) / 1e6).toFixed(2)} s of PostgreSQL, ${ids} entries, ${violations} violations`,
    );
  };
  const count = (results: readonly { readonly count: number }[]) =>
    results.reduce((sum, result) => sum + result.count, 0);
  const all = async () => ({ violations: count(await auditLedger(ledger.db)), ids: deposits });
  const sinceLast = async () => {
    const { results, from, to } = await auditSinceLast(ledger.db);
    return { violations: count(results), ids: to.ledger_entry - from.ledger_entry };
  };
  print(`Audit of ${deposits} deposits of ${accounts} accounts`);
  await measure('everything', all);
  await measure('since the last one, the first time', sinceLast);
  await addDeposits(ledger, accounts, [deposits + 1, deposits + 1_000]);
  await measure('since the last one, after 1,000 more', sinceLast);
  await measure('since the last one, after nothing', sinceLast);
  await measure('everything, with the digests of verified entries', all);
  await ledger.stop();
};

/** What a streaming standby costs its primary and how late it is, and reads from it. */
export const benchStandby = async ({ createLedger, startStandby, sizes }: Environment): Promise<void> => {
  const { accounts, requests } = sizes;
  const ledger = await createLedger('standby', { accounts });
  const gateway = getContender(await ledger.start());
  const withdraw = async () => {
    const wanted = Array.from({ length: requests }, (_, index) => withdrawalRequest(index % accounts));
    const before = ledger.readDatabaseCpu();
    const done = (await sendAll(gateway.port, wanted)).length;
    return (ledger.readDatabaseCpu() - before) / done;
  };
  await withdraw();
  const alone = await withdraw();
  const standby = await startStandby('standby');
  const readLag = async (): Promise<number> => {
    const { rows } = await ledger.admin.query(
      `SELECT count(*) AS count, COALESCE(max(pg_current_wal_lsn() - replay_lsn), 0) AS bytes FROM pg_stat_replication`,
    );
    return rows[0].count === '0' ? Number.POSITIVE_INFINITY : Number(rows[0].bytes);
  };
  const waitForStandby = async () => {
    const startedAt = performance.now();
    while ((await readLag()) > 0) await wait(5);
    return performance.now() - startedAt;
  };
  await waitForStandby();
  const together = await withdraw();
  const lag = await waitForStandby();
  print(
    `A withdrawal takes ${alone.toFixed(0)} µs CPU of PostgreSQL without a standby, ${together.toFixed(0)} with one; ` +
      `after ${requests} of them the standby had replayed everything after ${lag.toFixed(0)} ms`,
  );
  const url = new URL(ledger.url);
  url.port = String(standby.port);
  const db = await openDatabase({ databaseUrl: url.href, dataDir: undefined }, { patient: true });
  const services = { db, clock: { now: Date.now, freeze: () => undefined, frozen: false } };
  const readCpuOfStandby = () => {
    const all = [standby.pid(), ...findChildren(standby.pid())];
    return all.reduce((sum, pid) => sum + readCpu(pid), 0);
  };
  const before = { primary: ledger.readDatabaseCpu(), standby: readCpuOfStandby() };
  for (let index = 0; index < requests; index += 1)
    await listTransactions(services, getAccount(index % accounts).id, { limit: 200, cursor: undefined });
  const results = await auditLedger(db);
  const cost = (spent: number) => (spent / 1e6).toFixed(2);
  print(
    `  ${requests} pages of transactions and an audit read from it, ${results.every(({ count }) => count === 0) ? 'clean' : 'BROKEN'}: ` +
      `${cost(readCpuOfStandby() - before.standby)} s of CPU of the standby and ` +
      `${cost(ledger.readDatabaseCpu() - before.primary)} of the primary`,
  );
  await db.destroy();
  await standby.stop();
  await ledger.stop();
};

// Events, deliveries and attempts in partitions by the id of the event, which grows with time: the unique pair of a delivery
// contains it. The id of a delivery alone is unique no more, and attempts refer to no delivery.
const PARTITION = (size: number, partitions: number): readonly string[] => [
  'DROP TABLE webhook_attempt',
  'DROP TABLE webhook_delivery',
  'ALTER TABLE webhook_event RENAME TO webhook_event_plain',
  `CREATE TABLE webhook_event (LIKE webhook_event_plain INCLUDING DEFAULTS INCLUDING IDENTITY, PRIMARY KEY (id))
     PARTITION BY RANGE (id)`,
  `CREATE TABLE webhook_delivery (
     id UUID NOT NULL DEFAULT gen_random_uuid(), event_id BIGINT NOT NULL, endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoint,
     status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_attempt_at TIMESTAMPTZ NOT NULL, claimed_until TIMESTAMPTZ,
     PRIMARY KEY (id, event_id), UNIQUE (event_id, endpoint_id)) PARTITION BY RANGE (event_id)`,
  `CREATE TABLE webhook_attempt (
     id BIGINT GENERATED ALWAYS AS IDENTITY, delivery_id UUID NOT NULL, event_id BIGINT NOT NULL, attempted_at TIMESTAMPTZ NOT NULL,
     response_status INTEGER, error TEXT, duration_ms INTEGER NOT NULL, PRIMARY KEY (id, event_id)) PARTITION BY RANGE (event_id)`,
  'CREATE INDEX ON webhook_attempt (delivery_id, id)',
  "CREATE INDEX ON webhook_delivery (next_attempt_at) WHERE status = 'pending'",
  "CREATE INDEX ON webhook_delivery (endpoint_id, next_attempt_at) WHERE status = 'pending'",
  "CREATE INDEX ON webhook_delivery (endpoint_id) WHERE status = 'dead'",
  ...Array.from({ length: partitions }, (_, index) =>
    ['event', 'delivery', 'attempt'].map(
      (name) =>
        `CREATE TABLE webhook_${name}_${index} PARTITION OF webhook_${name} FOR VALUES FROM (${index * size}) TO (${index + 1 === partitions ? 'MAXVALUE' : (index + 1) * size})`,
    ),
  ).flat(),
];

const PARTITIONS = 10;
const CLAIMS = 200;

/** Webhook tables with many delivered rows: inserting, claiming, and deleting a tenth of them, with and without partitions. */
export const benchRetention = async ({ createLedger, box, sizes }: Environment): Promise<void> => {
  const total = sizes.keptDeliveries;
  const part = total / PARTITIONS;
  for (const isPartitioned of [false, true]) {
    const ledger = await createLedger(isPartitioned ? 'partitioned' : 'plain', { sandbox: true });
    const { admin } = ledger;
    const url = 'http://127.0.0.1:9/';
    const { id: endpoint } = await registerWebhook(ledger.db, box, {
      accountId: 'acct_demo',
      url,
      at: new Date(),
    });
    // One more for what is inserted while this measures.
    if (isPartitioned) for (const statement of PARTITION(part, PARTITIONS + 1)) await admin.query(statement);
    const measure = async (work: () => Promise<unknown>) => {
      const before = { at: performance.now(), cpu: ledger.readDatabaseCpu() };
      await work();
      return { ms: performance.now() - before.at, cpu: ledger.readDatabaseCpu() - before.cpu };
    };
    const insert = (first: number, count: number, status: 'pending' | 'delivered') =>
      admin.query(
        `WITH events AS (
           INSERT INTO webhook_event (id, account_id, event, body, created_at)
           SELECT n, 'acct_demo', 'withdrawal.confirmed', repeat('x', 400),
             now() - CASE WHEN n < $4 THEN interval '40 days' ELSE interval '1 day' END
           FROM generate_series($1::int, $1::int + $2::int - 1) AS n RETURNING id, created_at),
         deliveries AS (
           INSERT INTO webhook_delivery (event_id, endpoint_id, status, attempts, next_attempt_at)
           SELECT id, $3, $5, 1, created_at FROM events RETURNING id, event_id, next_attempt_at)
         INSERT INTO webhook_attempt (delivery_id, ${isPartitioned ? 'event_id,' : ''} attempted_at, response_status, duration_ms)
         SELECT id, ${isPartitioned ? 'event_id,' : ''} next_attempt_at, 200, 12 FROM deliveries WHERE $5 = 'delivered'`,
        [first, count, endpoint, part, status],
      );
    const written = await measure(async () => {
      for (let index = 0; index < PARTITIONS; index += 1)
        await insert(Math.max(1, index * part), index === 0 ? part - 1 : part, 'delivered');
    });
    await admin.query('VACUUM ANALYZE');
    await insert(total, CLAIMS * 20, 'pending');
    const services = {
      db: ledger.db,
      clock: { now: Date.now, freeze: () => undefined, frozen: false },
      box,
      rules: { allowedHosts: [], sandbox: true },
    };
    const claimed = await measure(async () => {
      for (let round = 0; round < CLAIMS; round += 1) await claimDue(services, endpoint, 20);
    });
    const before = new Date(Date.now() - 30 * 86_400_000);
    const deleted = await measure(async () => {
      if (isPartitioned) {
        for (const name of ['attempt', 'delivery', 'event'])
          await admin.query(`DROP TABLE webhook_${name}_0`);
      } else await deleteOldEvents(ledger.db, before);
    });
    const vacuumed = await measure(() =>
      admin.query('VACUUM webhook_event, webhook_delivery, webhook_attempt'),
    );
    const { rows } = await admin.query('SELECT count(*) AS count FROM webhook_event WHERE created_at < $1', [
      before,
    ]);
    const seconds = ({ ms, cpu }: { readonly ms: number; readonly cpu: number }) =>
      `${(ms / 1_000).toFixed(2)} s and ${(cpu / 1e6).toFixed(2)} s of CPU`;
    print(
      `${total} events, each with a delivery and an attempt, ${isPartitioned ? `in ${PARTITIONS} partitions` : 'without partitions'}`,
    );
    print(
      `  an event inserted: ${(written.cpu / total).toFixed(0)} µs CPU of PostgreSQL; 20 claimed: ${(claimed.cpu / CLAIMS / 1_000).toFixed(2)} ms; ` +
        `the oldest ${part} ${isPartitioned ? 'dropped' : 'deleted'} in ${seconds(deleted)} (${rows[0].count} left), vacuumed in ${seconds(vacuumed)}`,
    );
    await ledger.stop();
  }
};

const ADMISSIONS = 20_000;
const LANES = 64;

/** Admissions of many keys on one Redis, and on a cluster of three masters. */
export const benchRedisCluster = async ({ sizes }: Environment): Promise<void> => {
  const admissions = sizes.requests < 1_000 ? sizes.requests : ADMISSIONS;
  const server = await RedisServer.start();
  const single = await createClient({ url: server.url }).connect();
  const group = await startRedisCluster();
  const rootNodes = group.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  const cluster = await createCluster({ rootNodes }).connect();
  let serial = 0;
  for (const [name, client, servers] of [
    ['one server', single, [server]],
    ['a cluster of three masters', cluster, group.servers],
  ] as const) {
    const store = redisStore(client, { logger: SILENT, deadlineMs: 10_000 });
    const run = async (count: number) => {
      const lane = async () => {
        for (let left = count / LANES; left > 0; left -= 1) {
          serial += 1;
          const now = Math.floor(Date.now() / 1000);
          await store.admit({
            keyId: `ck_bench_${serial % 1_000}`,
            signature: serial.toString(16).padStart(64, '0'),
            usedUntil: now + 300,
            minute: Math.floor(now / 60),
            limit: Number.MAX_SAFE_INTEGER,
          });
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    };
    await run(admissions);
    const readServers = () => servers.map(({ pid }) => readCpu(pid));
    const before = { at: performance.now(), own: process.cpuUsage(), servers: readServers() };
    await run(admissions);
    const own = process.cpuUsage(before.own);
    const spent = readServers().map((cpu, index) => (cpu - (before.servers[index] ?? 0)) / admissions);
    const perSecond = admissions / ((performance.now() - before.at) / 1_000);
    print(
      `redisStore, 1,000 keys, ${name}: ${perSecond.toFixed(0)}/s, ${((own.user + own.system) / admissions).toFixed(0)} µs CPU of the client, ` +
        `${spent.map((cpu) => cpu.toFixed(1)).join(' + ')} of Redis an admission`,
    );
  }
  single.destroy();
  cluster.destroy();
  await Promise.all([group.stop(), server.stop()]);
};
