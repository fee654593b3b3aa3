import { startTestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createWithdrawal } from '../ledger/withdrawals.ts';

it('advances the other transactions when one withdrawal cannot be broadcast, and logs an alarm', async () => {
  const gateway = await startTestGateway();
  await gateway.stopLoops();
  const reject = (condition: string) =>
    sql
      .raw(
        `CREATE OR REPLACE FUNCTION reject() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN IF ${condition} THEN RAISE EXCEPTION ''rejected''; END IF; RETURN NEW; END'`,
      )
      .execute(gateway.db);
  await reject('false');
  await sql`CREATE TRIGGER reject BEFORE INSERT ON chain_transaction
    FOR EACH ROW EXECUTE FUNCTION reject()`.execute(gateway.db);
  const references = ['order-1', 'order-2', 'order-3'];
  for (const clientReference of references) {
    // As a process that ended before the broadcast leaves it.
    const held = await createWithdrawal(gateway.db, {
      ...{ accountId: 'acct_demo', currency: 'USDT', network: 'ETH', amount: '10', clientReference },
      toAddress: '0x52908400098527886E0F7030069857D2E4169EE7',
      at: new Date(gateway.clock.now()),
    });
    expect(held).toMatchObject({ status: 'pending' });
  }
  await reject("NEW.withdrawal_id = (SELECT id FROM withdrawal WHERE client_reference = ''order-1'')");
  await gateway.chain.advance();
  const alarms = gateway.logged.map((line) => JSON.parse(line)).filter(({ code }) => code !== undefined);
  expect(alarms).toMatchObject([{ level: 50, code: 'broadcast_failed', withdrawal_id: 1002, attempts: 1 }]);
  const rows = await gateway.db
    .selectFrom('withdrawal')
    .select(['client_reference', 'status'])
    .where('client_reference', 'in', references)
    .orderBy('id')
    .execute();
  expect(rows.map(({ status }) => status)).toEqual(['pending', 'broadcasted', 'broadcasted']);
  await reject('false');
  const findStatus = async () => {
    await gateway.chain.retryFailed();
    return (await gateway.call('/v1/withdrawals/1002')).body.data;
  };
  await expect.poll(findStatus, { timeout: 30_000 }).toMatchObject({ status: 'broadcasted' });
  expect(await gateway.db.selectFrom('settlement_failure').selectAll().execute()).toEqual([]);
  await gateway.close();
});
