import { claimDue, findDueEndpoints } from '@cpg/gateway/webhooks/attempts.ts';
import { registerWebhook } from '@cpg/gateway/webhooks/endpoints.ts';
import { type Environment, type Ledger, readCpu, waitUntil } from './environment.ts';
import { benchStatements } from './pgbench.ts';
import { sendAll, withdrawalRequest } from './requests.ts';
import { getContender, startProgram } from './requests-per-second.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN;

const count = async (ledger: Ledger, query: string): Promise<number> =>
  Number((await ledger.admin.query(`SELECT count(*) AS count FROM ${query}`)).rows[0].count);

const SETTLE_SECONDS = 2;

/** Settlement of a backlog, and the time from a withdrawal to its confirmation under load. */
export const benchSettlement = async (environment: Environment): Promise<void> => {
  const { accounts, requests, seconds } = environment.sizes;
  const ledger = await environment.createLedger('settlement', { accounts, settleSeconds: SETTLE_SECONDS });
  // Withdrawals while no gateway runs are the backlog.
  await benchStatements(ledger, { rows: accounts, seconds });
  const backlog = await count(ledger, `withdrawal WHERE status = 'broadcasted'`);
  await ledger.admin.query('UPDATE network SET mined_ahead = mined_ahead + 1000');
  await ledger.admin.query('ANALYZE');
  const gateway = getContender(await ledger.start());
  const before = { cpu: readCpu(gateway.pid), database: ledger.readDatabaseCpu() };
  const took = await waitUntil(
    async () => (await count(ledger, `withdrawal WHERE status = 'broadcasted'`)) === 0,
  );
  const cpu = (readCpu(gateway.pid) - before.cpu) / backlog;
  const databaseCpu = (ledger.readDatabaseCpu() - before.database) / backlog;
  print(
    `Settlement of ${backlog} withdrawals, one process: ${(backlog / took).toFixed(0)}/s, ` +
      `${cpu.toFixed(0)} µs CPU of the gateway and ${databaseCpu.toFixed(0)} of PostgreSQL each`,
  );
  const { rows: last } = await ledger.admin.query('SELECT max(id) AS id FROM withdrawal');
  const wanted = Array.from({ length: requests }, (_, index) => withdrawalRequest(index % accounts));
  await sendAll(gateway.port, wanted);
  await waitUntil(async () => (await count(ledger, `withdrawal WHERE status = 'broadcasted'`)) === 0);
  const { rows } = await ledger.admin.query(
    `SELECT extract(epoch FROM confirmed_at - broadcast_at)::float8 AS seconds FROM withdrawal WHERE id > $1`,
    [last[0].id],
  );
  const times = rows.map((row: { seconds: number }) => row.seconds);
  print(
    `  of ${times.length} withdrawals that settle after ${SETTLE_SECONDS} s: p50 ${quantile(times, 0.5).toFixed(2)} s, ` +
      `p99 ${quantile(times, 0.99).toFixed(2)} s, last ${quantile(times, 1).toFixed(2)} s`,
  );
  await ledger.stop();
};

const createDeliveries = async (ledger: Ledger, total: number): Promise<void> => {
  await ledger.admin.query(
    `WITH events AS (
       INSERT INTO webhook_event (account_id, event, body, created_at)
       SELECT 'acct_demo', 'withdrawal.confirmed', '{"n":' || n || '}', now() FROM generate_series(1, $1) AS n
       RETURNING id)
     INSERT INTO webhook_delivery (event_id, endpoint_id, status, next_attempt_at)
     SELECT events.id, endpoint.id, 'pending', now() - interval '1 minute'
     FROM events JOIN LATERAL (
       SELECT id FROM webhook_endpoint ORDER BY id
       OFFSET events.id % (SELECT count(*) FROM webhook_endpoint) LIMIT 1) AS endpoint ON true`,
    [total],
  );
  await ledger.admin.query('ANALYZE');
};

/** Webhooks to a fast receiver: all to one endpoint, and to 20, one of which takes five seconds. */
export const benchWebhooks = async (environment: Environment): Promise<void> => {
  const { deliveries, dueDeliveries } = environment.sizes;
  for (const isOneSlow of [false, true]) {
    const ledger = await environment.createLedger(isOneSlow ? 'webhooks_slow' : 'webhooks', {
      sandbox: true,
    });
    const receiver = await startProgram('receiver-program.ts');
    const paths = isOneSlow
      ? ['slow', ...Array.from({ length: 19 }, (_, index) => `fast-${index}`)]
      : ['fast'];
    for (const path of paths) {
      const url = `http://127.0.0.1:${receiver.port}/${path}`;
      await registerWebhook(ledger.db, environment.box, { accountId: 'acct_demo', url, at: new Date() });
    }
    await ledger.admin.query('UPDATE webhook_endpoint SET has_responded = true');
    await createDeliveries(ledger, deliveries);
    const undelivered = `webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id
      WHERE status = 'pending' AND url NOT LIKE '%/slow'`;
    const total = await count(ledger, undelivered);
    const gateway = getContender(await ledger.start());
    const before = { cpu: readCpu(gateway.pid), database: ledger.readDatabaseCpu() };
    const took = await waitUntil(async () => (await count(ledger, undelivered)) === 0);
    print(
      `Webhooks, ${isOneSlow ? '19 of 20 endpoints beside a slow one' : 'one endpoint'}: ${(total / took).toFixed(0)}/s, ` +
        `${((readCpu(gateway.pid) - before.cpu) / total).toFixed(0)} µs CPU of the gateway and ` +
        `${((ledger.readDatabaseCpu() - before.database) / total).toFixed(0)} of PostgreSQL each`,
    );
    receiver.child.disconnect();
    await ledger.stop();
  }
  await benchTick(environment, dueDeliveries);
};

const benchTick = async (environment: Environment, due: number): Promise<void> => {
  const ledger = await environment.createLedger('tick', { sandbox: true });
  for (let index = 0; index < 20; index += 1) {
    const url = `http://127.0.0.1:9/${index}`;
    await registerWebhook(ledger.db, environment.box, { accountId: 'acct_demo', url, at: new Date() });
  }
  await createDeliveries(ledger, due);
  const services = {
    db: ledger.db,
    clock: { now: Date.now, freeze: () => undefined, frozen: false },
    box: environment.box,
    rules: { allowedHosts: [], sandbox: true },
  };
  const ticks: number[] = [];
  const claims: number[] = [];
  for (let round = 0; round < 100; round += 1) {
    const startedAt = performance.now();
    const endpoints = await findDueEndpoints(services);
    const foundAt = performance.now();
    await claimDue(services, endpoints[round % endpoints.length]?.id ?? 0, 20);
    ticks.push(foundAt - startedAt);
    claims.push(performance.now() - foundAt);
  }
  print(
    `A tick over ${due} due deliveries of 20 endpoints: p50 ${quantile(ticks, 0.5).toFixed(1)} ms, p99 ${quantile(ticks, 0.99).toFixed(1)} ms; ` +
      `claiming 20 of them: p50 ${quantile(claims, 0.5).toFixed(1)} ms, p99 ${quantile(claims, 0.99).toFixed(1)} ms`,
  );
  await ledger.stop();
};
