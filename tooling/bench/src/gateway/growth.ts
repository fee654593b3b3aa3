import { setTimeout as wait } from 'node:timers/promises';
import { auditLedger } from '@cpg/gateway/ledger/audit.ts';
import { listTransactions, type TransactionFilter } from '@cpg/gateway/ledger/transactions.ts';
import { type Environment, getAccount, type Ledger } from './environment.ts';
import { formatRequest, sendAll } from './requests.ts';
import { getContender } from './requests-per-second.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN;

const formatTimes = (times: readonly number[]): string =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;

/** One deposit request with a tenth of the transactions, which are confirmed deposits but for a few; all are credited. */
const createTransactions = async (ledger: Ledger, total: number): Promise<void> => {
  const account = getAccount(0).id;
  const admin = await ledger.admin.connect();
  // What is written is known to be consistent: the checks of foreign keys would take most of the time.
  await admin.query('SET session_replication_role = replica');
  await admin.query(
    `WITH address AS (
       INSERT INTO deposit_address (account_id, currency, network, address, user_identifier)
       VALUES ($1, 'USDT', 'ETH', 'address', 'user') RETURNING id)
     INSERT INTO deposit_request (account_id, address_id, display_expires_at, created_at)
     SELECT $1, id, now(), now() FROM address`,
    [account],
  );
  await admin.query(
    `INSERT INTO chain_transaction (account_id, direction, status, currency, network, to_address, amount, tx_hash,
       created_at, confirmed_at, deposit_request_id)
     SELECT $1, 'deposit', CASE WHEN n % 50000 = 1 THEN 'failed' ELSE 'confirmed' END, 'USDT', 'ETH', 'address', 1,
       md5(n::text), now(), now(), CASE WHEN n % 10 = 0 THEN (SELECT max(id) FROM deposit_request) END
     FROM generate_series(1, $2::int) AS n`,
    [account, total],
  );
  await admin.query(
    `INSERT INTO ledger_entry (account_id, currency, network, kind, balance_delta, held_delta, deposit_id, created_at)
     SELECT account_id, currency, network, 'deposit', amount, 0, id, now() FROM chain_transaction
     WHERE status = 'confirmed'`,
  );
  await admin.query(
    `UPDATE balance SET balance = balance + (SELECT sum(balance_delta) FROM ledger_entry WHERE kind = 'deposit')
     WHERE account_id = $1 AND currency = 'USDT' AND network = 'ETH'`,
    [account],
  );
  await admin.query('RESET session_replication_role');
  await admin.query('VACUUM ANALYZE');
  admin.release();
};

const FILTERS: readonly Partial<TransactionFilter>[] = [
  {},
  { status: 'confirmed' },
  { status: 'failed' },
  { status: 'detected' },
  { direction: 'deposit' },
  { direction: 'sweep' },
  { currency: 'USDT' },
  { currency: 'BTC' },
  { network: 'ETH' },
  { network: 'TRX', direction: 'withdrawal' },
  { currency: 'USDT', network: 'ETH', direction: 'deposit', status: 'failed' },
];

/** What the requests of one account and the audit take as its transactions grow. */
export const benchGrowth = async (environment: Environment): Promise<void> => {
  for (const transactions of environment.sizes.transactions) await measureGrowth(environment, transactions);
};

/** Like {@link benchGrowth}, with 10,000,000 transactions. */
export const benchTenMillion = (environment: Environment): Promise<void> =>
  measureGrowth(environment, 10_000_000);

const measureGrowth = async (environment: Environment, transactions: number): Promise<void> => {
  const ledger = await environment.createLedger(`growth_${transactions}`);
  const startedAt = performance.now();
  await createTransactions(ledger, transactions);
  const { rows: size } = await ledger.admin.query('SELECT pg_database_size(current_database()) AS bytes');
  const bytes = (Number(size[0].bytes) / transactions).toFixed(0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  print(
    `${transactions} transactions of one account, ${bytes} bytes each with entries and indexes, written in ${seconds} s`,
  );
  const services = { db: ledger.db, clock: { now: Date.now, freeze: () => undefined, frozen: false } };
  const cursors = [undefined, ...[0.99, 0.5, 0.01].map((part) => String(Math.floor(transactions * part)))];
  for (const filter of FILTERS) {
    const times: number[] = [];
    const cpuBefore = ledger.readDatabaseCpu();
    for (let round = 0; round < 50; round += 1) {
      for (const cursor of cursors) {
        const sentAt = performance.now();
        const page = { ...filter, limit: 200, cursor } as TransactionFilter;
        await listTransactions(services, getAccount(0).id, page);
        times.push(performance.now() - sentAt);
      }
    }
    const name = Object.entries(filter).map(([key, value]) => `${key}=${value}`);
    const cpu = (ledger.readDatabaseCpu() - cpuBefore) / times.length / 1_000;
    print(
      `  page of 200, ${(name.join(' ') || 'no filter').padEnd(58)} ${formatTimes(times)}, ` +
        `${cpu.toFixed(2)} ms CPU of PostgreSQL`,
    );
  }
  const gateway = await ledger.start();
  const requests = Array.from({ length: 30 }, (_, index) =>
    formatRequest({ target: `/v1/deposit-requests/5001?n=${index}` }),
  );
  const responses = await sendAll(getContender(gateway).port, requests, 1);
  print(
    `  deposit request with ${Math.floor(transactions / 10)} transactions: ${responses[0]?.body.length} bytes, ` +
      formatTimes(responses.map(({ milliseconds }) => milliseconds)),
  );
  const scrapes: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    const sentAt = performance.now();
    await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
    scrapes.push(performance.now() - sentAt);
  }
  print(`  /metrics: ${formatTimes(scrapes)}`);
  const auditedAt = performance.now();
  let statements = 0;
  const results = await auditLedger(ledger.db, {
    onProgress: () => {
      statements += 1;
    },
  });
  const broken = results.reduce((sum, { count }) => sum + count, 0);
  print(
    `  audit: ${((performance.now() - auditedAt) / 1000).toFixed(1)} s, ${statements} ranges, ${broken} violations, ` +
      `${(process.memoryUsage().rss / 1024 ** 2).toFixed(0)} MiB of memory`,
  );
  await ledger.stop();
};

/** Transactions a second that the database of an idle gateway sees: each is one statement. */
export const benchIdle = async (environment: Environment): Promise<void> => {
  const ledger = await environment.createLedger('idle');
  await ledger.start();
  const { seconds } = environment.sizes;
  // Connections report what they did with a delay of up to ten seconds.
  await wait(seconds * 1_500);
  const read = async () => {
    const { rows } = await ledger.admin.query(
      `SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = 'idle'`,
    );
    return Number(rows[0].count);
  };
  const before = await read();
  await wait(seconds * 2_000);
  // One of them is the reading.
  print(`Idle gateway: ${(((await read()) - before - 1) / (seconds * 2)).toFixed(1)} statements a second`);
  await ledger.stop();
};
