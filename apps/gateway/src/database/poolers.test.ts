import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGuideBlock } from '@cpg/test-support/gateway/guide-blocks';
import { createOrders } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { listen } from '@cpg/test-support/ports';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { type ReverseProxy, startPgbouncer } from '@cpg/test-support/reverse-proxies';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../config.ts';
import { auditLedger } from '../ledger/audit.ts';
import { auditSinceLast } from '../ledger/audit-since-last.ts';
import { openPersistentDatabase } from '../programs.ts';
import { registerWebhook } from '../webhooks/endpoints.ts';
import { formatStartError } from './start-error.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const masterKey = 'ab'.repeat(32);
const order = createOrders();

describeInCi('through pgbouncer in transaction mode', () => {
  // Far fewer than the connections of two gateways.
  const SERVER_CONNECTIONS = 6;
  let postgres: Postgres;
  let pgbouncer: ReverseProxy;
  let gateways: readonly TestGateway[];
  let pooledUrl: string;
  const start = () => startTestGateway({ databaseUrl: pooledUrl, masterKey, chainSettleSeconds: 1 });
  beforeAll(async () => {
    postgres = await startPostgres();
    const url = new URL(postgres.createDatabase('pooled'));
    pgbouncer = await startPgbouncer(postgres.port, {
      default_pool_size: SERVER_CONNECTIONS,
      max_client_conn: 200,
      ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
    });
    url.port = String(pgbouncer.port);
    pooledUrl = url.href;
    // Both migrate the empty database: one waits for the other.
    gateways = await Promise.all([start(), start()]);
    for (const { clock } of gateways) clock.freeze(null);
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await pgbouncer.stop();
    await postgres.stop();
  });

  it('two gateways serve requests, settle and deliver, and the audit is clean', async () => {
    const received: number[] = [];
    const receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      received.push((JSON.parse(Buffer.concat(chunks).toString()) as { readonly id: number }).id);
      response.end();
    });
    const [{ db, box } = gateways[0] as TestGateway] = gateways;
    const url = `http://127.0.0.1:${await listen(receiver)}/`;
    await registerWebhook(db, box, { accountId: 'acct_demo', url, at: new Date() });
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const gateway = gateways[n % 2] as TestGateway;
        const body = order();
        const send = () =>
          n % 3 === 0
            ? gateway.call('/v1/balances')
            : gateway.call('/v1/withdrawals', { method: 'POST', body });
        // On a busy machine a request may wait too long for a connection.
        for (;;) {
          const { status } = await send();
          if (status !== 503) return status;
        }
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const countOf = async (status: 'confirmed' | 'pending') => {
      const rows = await db.selectFrom('withdrawal').select('id').where('status', '=', status).execute();
      return rows.length;
    };
    await expect.poll(() => countOf('confirmed'), WAIT).toBe(40);
    // One for the broadcast and one for the confirmation of each.
    await expect.poll(() => new Set(received).size, WAIT).toBe(80);
    expect(received).toHaveLength(80);
    const violations = (await auditLedger(db)).flatMap((result) => result.violations);
    expect(violations).toEqual([]);
    const { rows } = await sql<{ connections: number }>`
      SELECT COUNT(*) AS connections FROM pg_stat_activity
      WHERE datname = 'pooled' AND backend_type = 'client backend'`.execute(db);
    expect(rows[0]?.connections).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    receiver.close();
    receiver.closeAllConnections();
  });

  it('a gateway, an audit and one since the last start when others have prepared their statements', async () => {
    // Several times: a client learns from the first failure, and each new one has to.
    for (let round = 0; round < 3; round += 1) {
      const another = await start();
      const db = await openPersistentDatabase(parseConfig({ DATABASE_URL: pooledUrl }));
      for (const { results } of [await auditSinceLast(db), { results: await auditLedger(db) }])
        expect(results.flatMap(({ violations }) => violations)).toEqual([]);
      await db.destroy();
      await another.close();
    }
  });

  it('reports a pgbouncer that does not ignore the time limits, with the fix', async () => {
    const strict = await startPgbouncer(postgres.port, {});
    const url = new URL(postgres.url);
    url.port = String(strict.port);
    const failure = await startTestGateway({ databaseUrl: url.href, masterKey }).catch(
      (error: unknown) => error,
    );
    await strict.stop();
    expect(formatStartError(failure, url.href)).toMatch(
      /^DATABASE_URL: .*pgbouncer.* Fix: .*ignore_startup_parameters = statement_timeout, lock_timeout, idle_in_transaction_session_timeout/,
    );
  });
});

describeInCi('with TLS to PostgreSQL', () => {
  let postgres: Postgres;
  let folder: string;
  let databaseUrl: URL;
  const openssl = (...parameters: readonly string[]) =>
    execFileSync('openssl', parameters, { cwd: folder, stdio: 'ignore' });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cpg-tls-'));
    chmodSync(folder, 0o755);
    runGuideBlock('certificates', { folder, environment: { DATABASE_HOST: 'localhost' } });
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=other'],
      ...['-keyout', 'other.key', '-out', 'other.pem'],
    );
    if (process.getuid?.() === 0) {
      const owner = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
      chownSync(join(folder, 'server.key'), owner, owner);
    }
    const file = (name: string) => join(folder, name);
    postgres = await startPostgres([
      'ssl=on',
      `ssl_cert_file=${file('server.pem')}`,
      `ssl_key_file=${file('server.key')}`,
    ]);
    databaseUrl = new URL(postgres.createDatabase('encrypted'));
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });
  const getUrl = (host: string, parameters: Readonly<Record<string, string>>): string => {
    const url = new URL(databaseUrl);
    url.hostname = host;
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  };
  const verifyFull = (authority: string) => ({
    sslmode: 'verify-full',
    sslrootcert: join(folder, `${authority}.pem`),
  });

  it('sslmode=verify-full encrypts every connection', async () => {
    const gateway = await startTestGateway({ databaseUrl: getUrl('localhost', verifyFull('ca')), masterKey });
    expect((await gateway.call('/v1/withdrawals', { method: 'POST', body: order() })).status).toBe(200);
    const { rows } = await sql<{ ssl: boolean; connections: number }>`
      SELECT ssl, COUNT(*) AS connections FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
      WHERE datname = 'encrypted' AND backend_type = 'client backend' GROUP BY ssl`.execute(gateway.db);
    expect(rows).toEqual([{ ssl: true, connections: expect.any(Number) }]);
    await gateway.close();
  });

  describe('refuses to start with', () => {
    it.each([
      ['another authority', 'localhost', () => verifyFull('other')],
      ['an authority that the system does not know', 'localhost', () => ({ sslmode: 'verify-full' })],
      ['another host', '127.0.0.1', () => verifyFull('ca')],
    ])('%s', async (_name, host, getParameters) => {
      const url = getUrl(host, getParameters());
      const failure = await startTestGateway({ databaseUrl: url, masterKey }).catch(
        (error: unknown) => error,
      );
      expect(formatStartError(failure, url)).toMatch(
        new RegExp(
          `^DATABASE_URL: the TLS certificate of ${host} is not trusted \\(.+\\)\\. Fix: name the file`,
        ),
      );
    });
  });
});
