import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { startTestGateway } from '../testing/test-gateway.ts';

it('moves on what it can when one withdrawal cannot be broadcast, and says which failed', async () => {
  const gateway = await startTestGateway();
  await gateway.stopLoops();
  const refuse = (condition: string) =>
    sql
      .raw(
        `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN IF ${condition} THEN RAISE EXCEPTION ''refused''; END IF; RETURN NEW; END'`,
      )
      .execute(gateway.db);
  await refuse('true');
  await sql`CREATE TRIGGER refuse BEFORE INSERT ON chain_transaction
    FOR EACH ROW EXECUTE FUNCTION refuse()`.execute(gateway.db);
  const references = ['order-1', 'order-2', 'order-3'];
  for (const client_reference of references) {
    const order = { currency: 'USDT', network: 'ETH', amount: '10', client_reference };
    const body = { ...order, to_address: '0x52908400098527886E0F7030069857D2E4169EE7' };
    expect((await gateway.call('/v1/withdrawals', { method: 'POST', body })).status).toBe(500);
  }
  await refuse("NEW.withdrawal_id = (SELECT id FROM withdrawal WHERE client_reference = ''order-1'')");
  await expect(gateway.chain.advance()).rejects.toThrow('Transactions that could not be moved on: 1');
  const rows = await gateway.db
    .selectFrom('withdrawal')
    .select(['client_reference', 'status'])
    .where('client_reference', 'in', references)
    .orderBy('id')
    .execute();
  expect(rows.map(({ status }) => status)).toEqual(['pending', 'broadcasted', 'broadcasted']);
  await refuse('false');
  await gateway.chain.advance();
  expect((await gateway.call('/v1/withdrawals/1002')).body.data).toMatchObject({ status: 'broadcasted' });
  await gateway.close();
});
