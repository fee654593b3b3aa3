import { createOrders } from '@cpg/test-support/gateway/sandbox-calls';
import { type ApiResponse, startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram } from '@cpg/test-support/programs';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../ledger/audit.ts';

const WAIT = { timeout: 30_000 };
const UNAVAILABLE = {
  status: 503,
  retryAfter: '1',
  body: { success: false, message: 'Service temporarily unavailable' },
};

const shown = ({ status, headers, body }: ApiResponse) => ({
  status,
  retryAfter: headers.get('retry-after'),
  body,
});
const ready = async (gateway: TestGateway) => {
  const response = await fetch(`${gateway.url}/readyz`);
  return { status: response.status, body: await response.json() };
};
const READY = { status: 200, body: { status: 'ready', database: 'ok', admission: 'ok', settlement: 'ok' } };
const READ_ONLY = {
  status: 503,
  body: { status: 'unavailable', database: 'read_only', admission: 'ok', settlement: 'ok' },
};

const order = createOrders();
const withdraw = (gateway: TestGateway, body: Record<string, unknown> = order()) =>
  gateway.call('/v1/withdrawals', { method: 'POST', body });
const countWithdrawals = async (gateway: TestGateway, reference: string) => {
  const rows = await gateway.db
    .selectFrom('withdrawal')
    .select('id')
    .where('client_reference', '=', reference)
    .execute();
  return rows.length;
};
const brokenLaws = async (gateway: TestGateway) =>
  (await auditLedger(gateway.db)).filter(({ violations }) => violations.length > 0);

describe('with an embedded database that is read-only', () => {
  it('a withdrawal gets a 503, and succeeds once the database is writable', async () => {
    const gateway = await startTestGateway();
    const body = order();
    await sql`SET default_transaction_read_only = on`.execute(gateway.db);
    expect(shown(await withdraw(gateway, body))).toEqual(UNAVAILABLE);
    expect(await ready(gateway)).toEqual(READ_ONLY);
    expect((await gateway.call('/v1/balances')).status).toBe(200);
    await sql`SET default_transaction_read_only = off`.execute(gateway.db);
    expect((await withdraw(gateway, body)).status).toBe(200);
    expect(await ready(gateway)).toEqual(READY);
    await gateway.close();
  });
});

describeWithProgram('postgres', 'during a PostgreSQL outage', () => {
  let postgres: Postgres;
  let gateway: TestGateway;
  let admin: pg.Client;
  let limitedUrl: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    const url = new URL(postgres.createDatabase('trouble'));
    admin = new pg.Client(url.href);
    await admin.connect();
    // No superuser: connection limits do not hold for one.
    await admin.query('CREATE ROLE app LOGIN');
    await admin.query('ALTER DATABASE trouble OWNER TO app');
    url.username = 'app';
    limitedUrl = url.href;
    // Tests end waits themselves, however long a busy machine takes.
    url.searchParams.set('lock_timeout', '60000');
    url.searchParams.set('statement_timeout', '60000');
    gateway = await startTestGateway({ databaseUrl: url.href, masterKey: 'ab'.repeat(32) });
    // Warms the key cache, which outlives the outages of a test.
    expect((await gateway.call('/v1/balances')).status).toBe(200);
  });
  afterEach(async () => {
    await admin.query('ROLLBACK');
    await admin.query('ALTER SYSTEM RESET ALL');
    await admin.query('SELECT pg_reload_conf()');
    await admin.query('ALTER ROLE app RESET ALL');
    await admin.query('ALTER ROLE app CONNECTION LIMIT -1');
    await terminate();
    await expect.poll(async () => (await withdraw(gateway)).status, WAIT).toBe(200);
    expect(await brokenLaws(gateway)).toEqual([]);
  });
  afterAll(async () => {
    await gateway.close();
    await admin.end();
    await postgres.stop();
  });

  const terminate = () =>
    admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  // A row that every withdrawal of the demo account needs.
  const lockBalance = async () => {
    await admin.query('BEGIN');
    await admin.query("SELECT 1 FROM balance WHERE account_id = 'acct_demo' FOR UPDATE");
  };
  const waiting = async () => {
    const { rows } = await admin.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = 'Lock'",
    );
    return rows.length;
  };

  it('a failover to read-only causes 503 until it ends, and a retry withdraws once', async () => {
    const body = order();
    await admin.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await admin.query('SELECT pg_reload_conf()');
    await expect.poll(() => ready(gateway), WAIT).toEqual(READ_ONLY);
    expect(shown(await withdraw(gateway, body))).toEqual(UNAVAILABLE);
    await terminate();
    expect(shown(await withdraw(gateway, body))).toEqual(UNAVAILABLE);
    await admin.query('SET default_transaction_read_only = off');
    await admin.query('ALTER SYSTEM RESET default_transaction_read_only');
    await admin.query('SELECT pg_reload_conf()');
    await expect.poll(async () => (await withdraw(gateway, body)).status, WAIT).toBe(200);
    expect(await countWithdrawals(gateway, body.client_reference)).toBe(1);
  });

  it('connections that stay read-only after a failover are closed', async () => {
    // Holds for the sessions that begin from now on, and for as long as they last.
    await admin.query('ALTER ROLE app SET default_transaction_read_only = on');
    await terminate();
    await expect.poll(() => ready(gateway), WAIT).toEqual(READ_ONLY);
    // All sixteen that the gateway opens at most.
    await Promise.all(Array.from({ length: 16 }, () => sql`SELECT pg_sleep(0.5)`.execute(gateway.db)));
    expect(shown(await withdraw(gateway))).toEqual(UNAVAILABLE);
    await admin.query('ALTER ROLE app RESET default_transaction_read_only');
    const statuses: number[] = [];
    while (!statuses.includes(200) && statuses.length < 20) statuses.push((await withdraw(gateway)).status);
    expect(statuses.at(-1)).toBe(200);
  });

  it('too many connections cause a 503', async () => {
    await admin.query('ALTER ROLE app CONNECTION LIMIT 0');
    await terminate();
    expect(shown(await withdraw(gateway))).toEqual(UNAVAILABLE);
    expect(shown(await gateway.call('/v1/transactions'))).toEqual(UNAVAILABLE);
    expect((await ready(gateway)).body).toMatchObject({ database: 'unreachable' });
  });

  it.each([
    ['pg_terminate_backend', 'a connection that the administrator ends'],
    ['pg_cancel_backend', 'a statement that is cancelled or takes too long'],
  ])('%s: %s is 503 in the middle of a withdrawal, which was not made', async (end) => {
    const body = order();
    await lockBalance();
    const response = withdraw(gateway, body);
    await expect.poll(waiting, WAIT).toBe(1);
    await admin.query(
      `SELECT ${end}(pid) FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = 'Lock'`,
    );
    expect(shown(await response)).toEqual(UNAVAILABLE);
    await admin.query('ROLLBACK');
    expect(await countWithdrawals(gateway, body.client_reference)).toBe(0);
  });

  it('a lock that is not released causes a 503', async () => {
    const limited = await startTestGateway({ databaseUrl: limitedUrl, masterKey: 'ab'.repeat(32) });
    await lockBalance();
    expect(shown(await withdraw(limited))).toEqual(UNAVAILABLE);
    await admin.query('ROLLBACK');
    await expect.poll(async () => (await withdraw(limited)).status, WAIT).toBe(200);
    await limited.close();
  });

  // 40P01 and 40001 are retried first.
  it.each([
    '25006',
    '40001',
    '40P01',
    '53000',
    '53100',
    '53200',
    '53400',
    '57000',
    '57P01',
    '57P05',
    '58030',
  ])('SQLSTATE %s of a statement is 503, and the next request succeeds', async (state) => {
    await admin.query(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${state}'; END $$`);
    await admin.query('CREATE TRIGGER fail BEFORE INSERT ON withdrawal EXECUTE FUNCTION fail()');
    const body = order();
    expect(shown(await withdraw(gateway, body))).toEqual(UNAVAILABLE);
    await admin.query('DROP TRIGGER fail ON withdrawal');
    await expect.poll(async () => (await withdraw(gateway, body)).status, WAIT).toBe(200);
    await expect.poll(async () => (await ready(gateway)).status, WAIT).toBe(200);
  });

  it('conflicting transactions are retried', async () => {
    await admin.query('ALTER ROLE app SET default_transaction_isolation = serializable');
    await terminate();
    await expect.poll(async () => (await ready(gateway)).status, WAIT).toBe(200);
    const responses = await Promise.all(Array.from({ length: 12 }, () => withdraw(gateway)));
    for (const response of responses) {
      if (response.status !== 200) expect(shown(response)).toEqual(UNAVAILABLE);
    }
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThan(1);
  });
});

describeWithProgram('postgres', 'without PostgreSQL', () => {
  let postgres: Postgres;
  let gateway: TestGateway;
  beforeAll(async () => {
    postgres = await startPostgres();
    const databaseUrl = postgres.createDatabase('outage');
    gateway = await startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32) });
    expect((await gateway.call('/v1/balances')).status).toBe(200);
    await postgres.stop();
  });
  afterAll(() => gateway.close());

  it('the gateway responds 503 with the envelope, reports it in /readyz and the log, and keeps running', async () => {
    expect(shown(await gateway.call('/v1/balances'))).toEqual(UNAVAILABLE);
    expect(await ready(gateway)).toEqual({
      status: 503,
      body: { status: 'unavailable', database: 'unreachable', admission: 'ok', settlement: 'unknown' },
    });
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    const metrics = await fetch(`${gateway.operationsUrl}/metrics`);
    const text = await metrics.text();
    expect(metrics.status).toBe(200);
    expect(text).toContain('status="503",outcome="service_unavailable"}');
    expect(text).not.toContain('cpg_withdrawals_in_flight{');
    expect((await gateway.call('/v1/balances', { keyId: 'ck_demo_other' })).status).toBe(503);
  });
});
