import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { auditLedger } from '../ledger/audit.ts';
import { formatEventTime } from '../time.ts';
import { createTransactionHash } from './broadcast.ts';

const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.reset());

  const withdraw = (differences: Record<string, unknown> = {}) =>
    gateway.call('/v1/withdrawals', {
      method: 'POST',
      body: { currency: 'USDT', network: 'ETH', to_address: ADDRESS, amount: '10', ...differences },
    });
  /** The rows that withdrawals have written since the reset, and the funds held. */
  const countRows = async () => {
    const { rows } = await sql<Record<string, number>>`SELECT
      (SELECT COUNT(*) FROM withdrawal WHERE id > 1001) AS withdrawals,
      (SELECT COUNT(*) FROM chain_transaction) AS transactions,
      (SELECT COUNT(*) FROM ledger_entry WHERE withdrawal_id > 1001) AS entries,
      (SELECT COUNT(*) FROM webhook_event) AS events,
      (SELECT held FROM balance WHERE account_id = 'acct_demo' AND currency = 'USDT' AND network = 'ETH')::int
        AS held`.execute(gateway.db);
    return rows[0];
  };
  const NOTHING = { withdrawals: 0, transactions: 0, entries: 0, events: 0, held: 200 };
  const ONE = { withdrawals: 1, transactions: 1, entries: 1, events: 1, held: 215 };
  const violations = async () => (await auditLedger(gateway.db)).flatMap((law) => law.violations);

  it('writes the withdrawal with the hash of its id, and an event of exactly these bytes', async () => {
    const client_reference = 'a "quoted" \\u0041 \u2028 event:1 é';
    const { body } = await withdraw({ client_reference });
    const tx_hash = createTransactionHash('withdrawal:1002', 'ethereum');
    expect(body.data).toMatchObject({ withdrawal_id: 1002, tx_hash, status: 'broadcasted' });
    const events = await gateway.db.selectFrom('webhook_event').select(['id', 'event', 'body']).execute();
    const data = {
      ...{ withdrawal_id: 1002, client_reference, currency: 'USDT', network: 'ETH', to_address: ADDRESS },
      ...{ amount: '10.000000', fee: '5.000000', status: 'broadcasted', tx_hash, error_message: null },
    };
    const created_at = formatEventTime(new Date(gateway.clock.now()));
    const event = { id: 1, event: 'withdrawal.broadcasted', created_at, api_version: '1', data };
    expect(events).toEqual([{ id: 1, event: event.event, body: JSON.stringify(event) }]);
    expect(await countRows()).toEqual(ONE);
    expect(await violations()).toEqual([]);
  });

  it('holds once for concurrent requests with one reference, and all get the same response', async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => withdraw({ client_reference: 'order-1' })),
    );
    expect(new Set(responses.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    expect(responses[0]?.status).toBe(200);
    expect(await countRows()).toEqual(ONE);
    expect(await violations()).toEqual([]);
  });

  it('writes nothing when the balance is too low, and no id is lost', async () => {
    expect((await withdraw({ amount: '1295.000001' })).body.message).toBe('Insufficient available balance');
    expect(await countRows()).toEqual(NOTHING);
    expect((await withdraw()).body.data).toMatchObject({ withdrawal_id: 1002 });
  });

  it('writes nothing when any part of it fails', async () => {
    await sql`ALTER TABLE webhook_event ADD CONSTRAINT no_event CHECK (event = '')`.execute(gateway.db);
    expect((await withdraw()).status).toBe(500);
    expect(await countRows()).toEqual(NOTHING);
    await sql`ALTER TABLE webhook_event DROP CONSTRAINT no_event`.execute(gateway.db);
    expect((await withdraw()).status).toBe(200);
    expect(await violations()).toEqual([]);
  });
});
