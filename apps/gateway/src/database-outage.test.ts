import { describeWithProgram, type Postgres, startPostgres } from '@cpg/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts';

describeWithProgram('postgres', 'without its PostgreSQL', () => {
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

  it('the gateway answers 503 in the envelope, says so to its operators, and lives on', async () => {
    const { status, headers, body } = await gateway.call('/v1/balances');
    expect({ status, retryAfter: headers.get('retry-after'), body }).toEqual({
      status: 503,
      retryAfter: '1',
      body: { success: false, message: 'Service temporarily unavailable' },
    });
    const ready = await fetch(`${gateway.url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 503,
      body: { status: 'unavailable', database: 'unreachable', admission: 'ok' },
    });
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    const metrics = await fetch(`${gateway.url}/metrics`);
    const text = await metrics.text();
    expect(metrics.status).toBe(200);
    expect(text).toContain('cpg_decisions_total{outcome="authenticated"}');
    expect(text).not.toContain('cpg_withdrawals_in_flight{');
    expect((await gateway.call('/v1/balances', { keyId: 'ck_demo_other' })).status).toBe(503);
  });
});
