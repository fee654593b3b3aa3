import { readFileSync } from 'node:fs';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { parser } from '@prometheus-io/lezer-promql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { registerWebhook } from '../webhooks/endpoints.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../operations/${name}`, import.meta.url), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string };
}
const { groups } = parse(read('prometheus-alerts.yaml')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const { panels } = JSON.parse(read('grafana-dashboard.json')) as { readonly panels: readonly Panel[] };

const EXPRESSIONS = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** The names of the metrics in an expression; throws when it is no PromQL. */
const findMetrics = (expression: string): readonly string[] => {
  // Grafana replaces its variables before Prometheus sees them.
  const text = expression.replaceAll('$__rate_interval', '1m');
  const names: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`Not PromQL at ${from}: ${text}`);
      if (type.name === 'VectorSelector') names.push(/^[\w:]+/.exec(text.slice(from, to))?.[0] ?? '');
    },
  });
  return names;
};

describe('the files in operations/', () => {
  it('hold valid PromQL, and each alert says what it is about', () => {
    expect(() => findMetrics('max(cpg_settlement_lag_seconds')).toThrow('Not PromQL');
    for (const [name, expression] of EXPRESSIONS)
      expect({ name, metrics: findMetrics(expression).length }).not.toMatchObject({ metrics: 0 });
    for (const { alert, annotations } of rules)
      expect({ alert, summary: annotations.summary }).toEqual({ alert, summary: expect.any(String) });
    const guide = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
    expect(rules.map(({ alert }) => alert).filter((alert) => !guide.includes(`\`${alert}\``))).toEqual([]);
  });
});

describeInCi('/metrics of a gateway on PostgreSQL', () => {
  let postgres: Postgres;
  let gateway: TestGateway;
  beforeAll(async () => {
    postgres = await startPostgres();
    const databaseUrl = postgres.createDatabase('metrics');
    gateway = await startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32) });
    await gateway.stopLoops();
  });
  afterAll(async () => {
    await gateway.close();
    await postgres.stop();
  });
  const readMetrics = async () => (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  const readValue = async (series: string) =>
    Number(
      (await readMetrics())
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );

  it('have every metric that a dashboard or an alert names', async () => {
    expect((await gateway.call('/v1/balances')).status).toBe(200);
    const text = await readMetrics();
    const missing = EXPRESSIONS.flatMap(([, expression]) => findMetrics(expression)).filter(
      (name) => !new RegExp(`^${name}(?:\\{| )`, 'm').test(text),
    );
    expect(missing).toEqual([]);
  });

  it('show due deliveries, suspended endpoints, secrets with another key, and the pool', async () => {
    const { db, box, clock } = gateway;
    const webhook = { accountId: 'acct_demo', url: 'http://127.0.0.1:1/', at: new Date() };
    const { id } = await registerWebhook(db, box, webhook);
    await gateway.call('/v1/withdrawals', {
      method: 'POST',
      body: {
        ...{ currency: 'USDT', network: 'ETH', amount: '10' },
        to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
      },
    });
    const due = new Date(clock.now() - 90_000);
    await db.updateTable('webhook_delivery').set({ next_attempt_at: due }).execute();
    expect(await readValue('cpg_webhook_delivery_lag_seconds')).toBe(90);
    expect(await readValue('cpg_webhook_deliveries_undelivered{status="pending"}')).toBe(1);
    const claimed_until = new Date(clock.now() + 1_000);
    await db.updateTable('webhook_delivery').set({ claimed_until }).execute();
    expect(await readValue('cpg_webhook_delivery_lag_seconds')).toBe(0);
    await db.updateTable('webhook_delivery').set({ claimed_until: null }).execute();
    const suspended_until = new Date(clock.now() + 60_000);
    await db.updateTable('webhook_endpoint').set({ suspended_until }).where('id', '=', id).execute();
    expect(await readValue('cpg_webhook_delivery_lag_seconds')).toBe(0);
    expect(await readValue('cpg_webhook_endpoints_suspended')).toBe(1);
    expect(await readValue('cpg_master_key_stale_secrets')).toBe(0);
    await db.updateTable('webhook_endpoint').set({ key_version: 'another' }).where('id', '=', id).execute();
    expect(await readValue('cpg_master_key_stale_secrets')).toBe(1);
    expect(await readValue('cpg_database_connections_max{pool="api"}')).toBe(16);
    expect(await readValue('cpg_database_connections_max{pool="webhooks"}')).toBe(4);
    const busy = Array.from({ length: 20 }, () => sql`SELECT pg_sleep(1)`.execute(db));
    await expect.poll(() => readValue('cpg_database_connections_in_use{pool="api"}')).toBe(16);
    expect(await readValue('cpg_database_requests_waiting{pool="api"}')).toBeGreaterThanOrEqual(4);
    await Promise.all(busy);
  });
});
