import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type GatewayProcess, startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi, itInCi } from '@cpg/test-support/programs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MINUTE = 60_000;

const readMetric = async (gateway: GatewayProcess, name: string) => {
  const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

describeInCi('a gateway that settles a backlog', () => {
  const BACKLOG = 60_000;
  let postgres: Postgres;
  let admin: pg.Client;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, MINUTE);
  afterAll(async () => {
    await admin.end();
    await postgres.stop();
  }, MINUTE);

  it(
    'stops on SIGTERM after the batch in hand, with exit code 0, and leaves the rest to the next one',
    async () => {
      const databaseUrl = postgres.createDatabase('backlog');
      const environment = { DATABASE_URL: databaseUrl, CPG_MASTER_KEY: 'ab'.repeat(32), CPG_SANDBOX: 'true' };
      // Creates the tables and the demo data.
      expect(await (await startGatewayFromSources(environment)).stop()).toBe(0);
      admin = new pg.Client(databaseUrl);
      await admin.connect();
      await admin.query(`
        WITH address AS (
          INSERT INTO deposit_address (account_id, currency, network, address, user_identifier)
          VALUES ('acct_demo', 'USDT', 'ETH', '0xbacklog', 'backlog') RETURNING id),
        request AS (
          INSERT INTO deposit_request (account_id, address_id, display_expires_at, created_at)
          SELECT 'acct_demo', id, now(), now() FROM address RETURNING id)
        INSERT INTO chain_transaction (account_id, direction, status, currency, network, to_address, amount,
          tx_hash, block_number, created_at, deposit_request_id)
        SELECT 'acct_demo', 'deposit', 'detected', 'USDT', 'ETH', '0xbacklog', 1, n::text, 1, now(), request.id
        FROM request, generate_series(1, ${BACKLOG}) AS n`);
      const count = async () => {
        const { rows } = await admin.query<{ count: string }>(
          "SELECT COUNT(*) FROM chain_transaction WHERE status = 'detected'",
        );
        return Number(rows[0]?.count);
      };
      const gateway = await startGatewayFromSources(environment);
      await expect.poll(count, { timeout: MINUTE }).toBeLessThan(BACKLOG);
      expect(await gateway.stop('SIGTERM')).toBe(0);
      expect(await count()).toBeGreaterThan(0);
      expect(gateway.log()).toContain('"msg":"stopped"');
    },
    5 * MINUTE,
  );
});

describe('a gateway with a webhook receiver that never responds', () => {
  itInCi('stops with exit code 0', async () => {
    const receiver = createServer().listen(0, '127.0.0.1');
    const received = once(receiver, 'request');
    await once(receiver, 'listening');
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
    const secret = 'a-secret-that-is-long-enough-for-a-webhook';
    const webhook = { CPG_WEBHOOK_URL: url, CPG_WEBHOOK_SECRET: secret };
    const gateway = await startGatewayFromSources({ CPG_SANDBOX: 'true', ...webhook });
    const payment = { currency: 'USDT', network: 'ETH', amount: '25' };
    const response = await fetch(`${gateway.operationsUrl}/_sandbox/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payment),
    });
    expect(response.status).toBe(200);
    await received;
    expect(await gateway.stop('SIGTERM')).toBe(0);
    receiver.closeAllConnections();
    receiver.close();
  });
});

describe('a gateway whose log is not read', () => {
  itInCi(
    'keeps serving, counts the lines it drops, reports them when the reader continues, and stops with exit code 0',
    async () => {
      const gateway = await startGatewayFromSources({ CPG_SANDBOX: 'true' });
      const { stderr } = gateway.child;
      const request = async () => {
        const responses = await Promise.all(
          Array.from({ length: 50 }, () => fetch(`${gateway.url}/healthz?${'x'.repeat(4_000)}`)),
        );
        for (const response of responses) {
          expect(response.status).toBe(200);
          await response.body?.cancel();
        }
      };
      const stall = async () => {
        const before = await readMetric(gateway, 'cpg_log_lines_dropped_total');
        stderr?.pause();
        const isDropping = async () => {
          await request();
          return (await readMetric(gateway, 'cpg_log_lines_dropped_total')) > before;
        };
        await expect.poll(isDropping, { timeout: MINUTE }).toBe(true);
      };
      await stall();
      stderr?.resume();
      const isReported = async () => {
        await request();
        return gateway.log().includes('"code":"log_dropped"');
      };
      await expect.poll(isReported, { timeout: MINUTE }).toBe(true);
      await stall();
      gateway.child.kill('SIGTERM');
      const code = await new Promise((resolve) => gateway.child.once('exit', resolve));
      expect(code).toBe(0);
    },
  );
});

describe('a client that never finishes its headers', () => {
  itInCi('is told so within a second of the limit of ten', async () => {
    const gateway = await startGatewayFromSources({ CPG_SANDBOX: 'true' });
    const { hostname, port } = new URL(gateway.url);
    const startedAt = performance.now();
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    const seconds = (performance.now() - startedAt) / 1000;
    expect(text).toContain('408 Request Timeout');
    expect(seconds).toBeGreaterThan(9.5);
    // One second, and what a busy machine adds.
    expect(seconds).toBeLessThan(17);
    await gateway.stop();
  });
});
