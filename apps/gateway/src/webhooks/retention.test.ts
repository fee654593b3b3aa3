import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { requeueDeadDeliveries } from './deliveries.ts';
import { registerWebhook } from './endpoints.ts';
import { deleteOldEvents } from './retention.ts';

const NOW = new Date(TEST_NOW * 1_000);
const MONTH_MS = 30 * 86_400_000;
const MONTH_AGO = new Date(NOW.getTime() - MONTH_MS);

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());
  let endpoint: number;
  beforeEach(async () => {
    await gateway.reset();
    const webhook = { accountId: 'acct_demo', url: 'http://127.0.0.1:1/', at: NOW };
    endpoint = (await registerWebhook(gateway.db, gateway.box, webhook)).id;
  });

  /** Writes events with one delivery and two attempts each. */
  const fill = async (count: number, daysAgo: number, status: 'pending' | 'delivered' | 'dead') => {
    const at = new Date(NOW.getTime() - daysAgo * 86_400_000);
    await sql`
      WITH events AS (
        INSERT INTO webhook_event (account_id, event, body, created_at)
        SELECT 'acct_demo', 'deposit.detected', '{}', ${at} FROM generate_series(1, ${count}) RETURNING id),
      deliveries AS (
        INSERT INTO webhook_delivery (event_id, endpoint_id, status, attempts, next_attempt_at)
        SELECT id, ${endpoint}, ${status}, 2, ${at} FROM events RETURNING id)
      INSERT INTO webhook_attempt (delivery_id, attempted_at, duration_ms)
      SELECT id, ${at}, 1 FROM deliveries, generate_series(1, 2)`.execute(gateway.db);
  };
  const countRows = async () => {
    const count = (table: string) => sql`(SELECT COUNT(*) FROM ${sql.table(table)})`;
    const { rows } = await sql`SELECT ${count('webhook_event')} AS events,
      ${count('webhook_delivery')} AS deliveries, ${count('webhook_attempt')} AS attempts`.execute(
      gateway.db,
    );
    return rows[0];
  };
  const delivered = () => deleteOldEvents(gateway.db, MONTH_AGO);

  it('old events go with their deliveries and attempts; pending and newer ones stay', async () => {
    await fill(700, 40, 'delivered');
    await fill(3, 39, 'pending');
    await fill(700, 31, 'dead');
    await fill(5, 29, 'delivered');
    // An account without a webhook has events without deliveries.
    await sql`INSERT INTO webhook_event (account_id, event, body, created_at)
      VALUES ('acct_demo', 'deposit.detected', '{}', ${MONTH_AGO})`.execute(gateway.db);
    expect(await delivered()).toBe(1_400);
    expect(await countRows()).toEqual({ events: 9, deliveries: 8, attempts: 16 });
    expect(await delivered()).toBe(0);
  });

  it('several processes share the work, and a requeued event stays', async () => {
    await fill(1_200, 40, 'delivered');
    await fill(1, 40, 'dead');
    await requeueDeadDeliveries(gateway.db, endpoint, NOW);
    const counts = await Promise.all([delivered(), delivered(), delivered()]);
    const rest = await delivered();
    expect([...counts, rest].reduce((sum, count) => sum + count, 0)).toBe(1_200);
    expect(await countRows()).toEqual({ events: 1, deliveries: 1, attempts: 2 });
  });

  it('stops after the batch when the gateway stops', async () => {
    await fill(1_200, 40, 'delivered');
    let checks = 0;
    const signal = {
      get aborted() {
        checks += 1;
        return checks > 1;
      },
    } as AbortSignal;
    expect(await deleteOldEvents(gateway.db, MONTH_AGO, signal)).toBe(500);
  });
});
