import { createOrders } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram } from '@cpg/test-support/programs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../database/transactions.ts';
import { auditLedger } from '../ledger/audit.ts';
import { moveBalance } from '../ledger/balances.ts';
import { receiveDeposit } from './broadcast.ts';

const WAIT = { timeout: 60_000, interval: 200 };
const SETTLE_MS = 3_000;

describeWithProgram('postgres', 'settlement', () => {
  let postgres: Postgres;
  let gateway: TestGateway;
  let admin: pg.Client;
  beforeAll(async () => {
    postgres = await startPostgres();
    const databaseUrl = postgres.createDatabase('settlement');
    gateway = await startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32) });
    admin = new pg.Client(databaseUrl);
    await admin.connect();
    await inTransaction(gateway.db, (transaction) =>
      moveBalance(transaction, {
        ...{ account_id: 'acct_demo_other', currency: 'USDT', network: 'ETH', kind: 'opening' },
        ...{ balanceDelta: '1000', heldDelta: '0', at: new Date() },
      }),
    );
  });
  afterEach(async () => {
    await admin.query('ROLLBACK');
    expect((await auditLedger(gateway.db)).flatMap(({ violations }) => violations)).toEqual([]);
  });
  afterAll(async () => {
    await gateway.close();
    await admin.end();
    await postgres.stop();
  });

  const order = createOrders();
  const withdraw = async (keyId = 'ck_demo_full') => {
    const body = order();
    const send = () => gateway.call('/v1/withdrawals', { method: 'POST', keyId, body });
    // A busy machine may need longer than a request may take.
    let response = await send();
    while (response.status === 503) response = await send();
    expect(response.status).toBe(200);
    return (response.body.data as { readonly withdrawal_id: number }).withdrawal_id;
  };
  const findStatuses = async (ids: readonly number[]) => {
    const rows = await gateway.db.selectFrom('withdrawal').select('status').where('id', 'in', ids).execute();
    return [...new Set(rows.map(({ status }) => status))];
  };
  const pass = (milliseconds: number) => gateway.clock.freeze(gateway.clock.now() + milliseconds);
  const findAlarms = () =>
    gateway.logged.map((line) => JSON.parse(line)).filter(({ code }) => code === 'settlement_failed');
  const readMetric = async (name: string) => {
    const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  const readReadiness = async () => {
    const response = await fetch(`${gateway.url}/readyz`);
    return { status: response.status, body: await response.json() };
  };

  it('goes on for others while a balance is locked, tells of the lag, and continues after the lock', async () => {
    const locked = [await withdraw(), await withdraw(), await withdraw()];
    const other = [await withdraw('ck_demo_other')];
    await admin.query('BEGIN');
    await admin.query("SELECT 1 FROM balance WHERE account_id = 'acct_demo' FOR UPDATE");
    pass(SETTLE_MS);
    await expect.poll(() => findStatuses(other), WAIT).toEqual(['confirmed']);
    expect(await findStatuses(locked)).toEqual(['broadcasted']);
    expect(findAlarms()).toEqual([]);

    pass(20_000);
    await expect.poll(findAlarms, WAIT).not.toEqual([]);
    // One attempt speaks for the balance.
    expect(findAlarms()[0]).toMatchObject({ level: 50, attempts: 1, err: { code: '55P03' } });
    expect(new Set(findAlarms().map(({ transaction_id }) => transaction_id)).size).toBe(1);
    expect(await readReadiness()).toMatchObject({ status: 200, body: { settlement: 'lagging' } });
    expect(await readMetric('cpg_settlement_lag_seconds')).toBeGreaterThan(19);
    expect(await readMetric('cpg_settlement_failures')).toBe(1);
    const later = [await withdraw('ck_demo_other')];
    pass(SETTLE_MS);
    await expect.poll(() => findStatuses(later), WAIT).toEqual(['confirmed']);

    await admin.query('ROLLBACK');
    await expect.poll(() => findStatuses(locked), WAIT).toEqual(['confirmed']);
    await expect.poll(() => readMetric('cpg_settlement_failures'), WAIT).toBe(0);
    expect(await readMetric('cpg_settlement_lag_seconds')).toBe(0);
    expect(await readReadiness()).toMatchObject({ status: 200, body: { settlement: 'ok' } });
  });

  it('goes on for others while a row cannot be settled, which is tried again ever later', async () => {
    const first = findAlarms().length;
    const ids = [await withdraw(), await withdraw(), await withdraw()];
    // As a value that no longer fits its column: this entry cannot be written, whatever comes with it.
    await admin.query(
      `ALTER TABLE ledger_entry ADD CONSTRAINT too_large CHECK (withdrawal_id <> ${ids[1]} OR kind = 'withdrawal_hold') NOT VALID`,
    );
    pass(SETTLE_MS);
    await expect.poll(() => findStatuses([ids[0], ids[2]] as number[]), WAIT).toEqual(['confirmed']);
    await expect.poll(() => findAlarms().length - first, WAIT).toBeGreaterThan(2);
    const alarms = findAlarms().slice(first);
    const gaps = alarms.map(({ time }, index) => time - (alarms[index - 1]?.time ?? time)).slice(1);
    expect(alarms[0]).toMatchObject({ err: { code: '23514' } });
    expect(gaps[0]).toBeGreaterThanOrEqual(1_000);
    expect(gaps[1]).toBeGreaterThanOrEqual(2_000);
    expect(await findStatuses([ids[1] as number])).toEqual(['broadcasted']);
    expect((await readReadiness()).status).toBe(200);
    await admin.query('ALTER TABLE ledger_entry DROP CONSTRAINT too_large');
    await expect.poll(() => findStatuses(ids), WAIT).toEqual(['confirmed']);
  });

  it('goes on with deposits while withdrawals cannot be read at all', async () => {
    const ids = [await withdraw()];
    const { data } = (
      await gateway.call('/v1/deposit-addresses', {
        method: 'POST',
        body: { currency: 'USDT', network: 'ETH' },
      })
    ).body;
    const { address } = data as { readonly address: string };
    const deposit = await receiveDeposit(gateway, { network: 'ETH', address, amount: '5' });
    await admin.query('ALTER TABLE withdrawal RENAME COLUMN currency TO moved');
    pass(SETTLE_MS);
    const findDeposit = () =>
      gateway.db
        .selectFrom('chain_transaction')
        .select('status')
        .where('id', '=', deposit?.id ?? 0)
        .executeTakeFirst();
    await expect.poll(findDeposit, WAIT).toEqual({ status: 'confirmed' });
    await admin.query('ALTER TABLE withdrawal RENAME COLUMN moved TO currency');
    await expect.poll(() => findStatuses(ids), WAIT).toEqual(['confirmed']);
  });

  it('does not wait for a clock that was an hour ahead', async () => {
    pass(3_600_000);
    const ahead = [await withdraw()];
    pass(-3_600_000);
    const now = [await withdraw()];
    pass(SETTLE_MS);
    await expect.poll(() => findStatuses(now), WAIT).toEqual(['confirmed']);
    // The blocks of a transaction count from when the clock was set back.
    await expect
      .poll(async () => {
        pass(100);
        return findStatuses(ahead);
      }, WAIT)
      .toEqual(['confirmed']);
    expect(gateway.clock.now()).toBeLessThan((TEST_NOW + 600) * 1000);
  });
});
