import { readFileSync } from 'node:fs';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { type DnsServer, startDnsServer } from '@cpg/test-support/dns-server';
import { startWebhookReceiver, type WebhookReceiver } from '@cpg/test-support/gateway/webhooks';
import { type GatewayProcess, startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../database/open-database.ts';
import { createSecretBox } from '../database/secret-box.ts';
import { DEMO_KEYS } from '../sandbox/demo.ts';
import { getWebhookLabel } from './endpoints.ts';

const MASTER_KEY = 'ab'.repeat(32);
const ACCOUNT = 'acct_demo';
const ENDPOINTS = 300;
const DUE_EACH = 60;
const MAX_RSS_MIB = 350;
const MIB_IN_KIB = 1024;

describeInCi('300 endpoints whose DNS never answers, with 60 due deliveries each', () => {
  let postgres: Postgres;
  let dns: DnsServer;
  let receiver: WebhookReceiver;
  let gateway: GatewayProcess;
  let db: Database;
  beforeAll(async () => {
    [postgres, dns, receiver] = await Promise.all([
      startPostgres(),
      startDnsServer(() => undefined),
      startWebhookReceiver(),
    ]);
    const DATABASE_URL = postgres.createDatabase('cpg');
    gateway = await startGatewayFromSources({
      CPG_SANDBOX: 'true',
      DATABASE_URL,
      CPG_MASTER_KEY: MASTER_KEY,
      CPG_WEBHOOK_DNS_SERVERS: dns.address,
    });
    db = await openDatabase({ databaseUrl: DATABASE_URL, dataDir: undefined });
  }, 300_000);
  afterAll(async () => {
    await gateway.stop('SIGTERM');
    await db.destroy();
    await Promise.all([postgres.stop(), dns.close(), receiver.close()]);
  });

  const post = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${gateway.operationsUrl}/_sandbox${path}`, options);
    expect(response.status).toBe(200);
  };

  const addDeadEndpoints = async () => {
    const box = createSecretBox(Buffer.from(MASTER_KEY, 'hex'));
    const urls = Array.from({ length: ENDPOINTS }, (_, index) => `https://dead-${index}.example.com/hooks`);
    const created_at = new Date();
    const rows = urls.map((url) => ({
      account_id: ACCOUNT,
      url,
      ...box.seal('whsec_of-this-test', getWebhookLabel(ACCOUNT, url)),
      created_at,
    }));
    await db.insertInto('webhook_endpoint').values(rows).execute();
    await sql`INSERT INTO webhook_event (account_id, event, body, created_at)
      SELECT ${ACCOUNT}, 'deposit.detected', '{}', now() FROM generate_series(1, ${DUE_EACH})`.execute(db);
    await sql`INSERT INTO webhook_delivery (event_id, endpoint_id, status, next_attempt_at)
      SELECT event.id, endpoint.id, 'pending', now() FROM webhook_event event, webhook_endpoint endpoint
      WHERE endpoint.url LIKE 'https://dead-%' AND event.body = '{}'`.execute(db);
  };

  const readBalances = async (index: number) => {
    const secret = DEMO_KEYS.find(({ keyId }) => keyId === 'ck_demo_full')?.secret ?? '';
    const target = `/v1/balances?_=${index}`;
    const timestamp = Math.floor(Date.now() / 1000);
    const key = createSigningKey(secret);
    const { headers } = signRequest({ keyId: 'ck_demo_full', key, method: 'GET', target, timestamp });
    return (await fetch(`${gateway.url}${target}`, { headers })).status;
  };

  const readRssMib = () =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'))?.[1]) /
    MIB_IN_KIB;

  it('delay no other endpoint and no request, take bounded memory, and are suspended', async () => {
    await post('/webhooks', { url: receiver.url });
    await post('/payments', { currency: 'BTC', network: 'BTC', amount: '1' });
    await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBeGreaterThan(0);
    await addDeadEndpoints();
    await expect.poll(() => dns.asked.length, { timeout: 60_000 }).toBeGreaterThan(100);

    const statuses: number[] = [];
    for (let index = 0; index < 150; index += 1) statuses.push(await readBalances(index));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);

    const before = receiver.received.length;
    await post('/payments', { currency: 'BTC', network: 'BTC', amount: '1' });
    await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBeGreaterThan(before);

    const countSuspended = async () => {
      const suspended = await db
        .selectFrom('webhook_endpoint')
        .select('url')
        .where('suspended_until', 'is not', null)
        .execute();
      return suspended.length;
    };
    await expect.poll(countSuspended, { timeout: 300_000, interval: 1000 }).toBeGreaterThan(100);
    expect(gateway.log()).toContain('webhook endpoint suspended: no response');
    expect(readRssMib()).toBeLessThan(MAX_RSS_MIB);
  }, 600_000);
});
