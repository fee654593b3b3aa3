import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { receiveDeposit } from '../chain/broadcast.ts';
import { registerWebhook } from '../webhooks/endpoints.ts';
import { auditLedger } from './audit.ts';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    await gateway.reset();
    const webhook = { accountId: 'acct_demo', url: 'http://127.0.0.1:1/', at: new Date() };
    await registerWebhook(gateway.db, gateway.box, webhook);
  });

  const post = (target: string, body: object) => gateway.call(target, { method: 'POST', body });
  const withdraw = async (amount: string) => {
    const to_address = '0x52908400098527886E0F7030069857D2E4169EE7';
    const { status, body } = await post('/v1/withdrawals', {
      ...{ currency: 'ETH', network: 'ETH', to_address, amount },
    });
    return {
      status,
      message: body.message,
      id: (body.data as { withdrawal_id: number } | null)?.withdrawal_id,
    };
  };
  const readBalance = async () =>
    ((await gateway.call('/v1/balances?currency=ETH')).body.data as object[])[0] as {
      readonly balance: string;
      readonly held: string;
      readonly available: string;
    };
  const deposit = async (amount: string) => {
    const { data } = (await post('/v1/deposit-addresses', { currency: 'ETH', network: 'ETH' })).body;
    const { address, request_id } = data as { readonly address: string; readonly request_id: number };
    const row = await receiveDeposit(gateway, { network: 'ETH', address, amount });
    const id = row?.id ?? 0;
    expect(await gateway.chain.settleDeposit(id, 'confirmed')).toBe(true);
    return { id, request_id };
  };
  const brokenLaws = async () => (await auditLedger(gateway.db)).flatMap(({ violations }) => violations);
  const reverse = async (id: number) => {
    const response = await fetch(`${gateway.operationsUrl}/_sandbox/deposits/${id}/reverse`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    return response.status;
  };

  it('a confirmed deposit is taken back once, with its entries, its event and its sweep', async () => {
    const before = await readBalance();
    const { id, request_id } = await deposit('0.5');
    const sweeps = () =>
      gateway.db.selectFrom('chain_transaction').select('status').where('swept_id', '=', id).execute();
    await fetch(`${gateway.operationsUrl}/_sandbox/deposits/${id}/sweep`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect(await sweeps()).toEqual([{ status: 'broadcasted' }]);
    const statuses = await Promise.all([reverse(id), reverse(id), reverse(id)]);
    expect(statuses.sort()).toEqual([200, 404, 404]);
    expect(await readBalance()).toEqual(before);
    expect(await sweeps()).toEqual([{ status: 'failed' }]);
    const { transactions } = (await gateway.call(`/v1/deposit-requests/${request_id}`)).body.data as {
      readonly transactions: readonly object[];
    };
    expect(transactions).toMatchObject([
      { status: 'failed', confirmations: 0, block_number: null, confirmed_at: null },
    ]);
    const entries = await gateway.db
      .selectFrom('ledger_entry')
      .select(['kind', 'balance_delta', 'held_delta'])
      .where('deposit_id', '=', id)
      .orderBy('id')
      .execute();
    expect(entries).toEqual([
      { kind: 'deposit', balance_delta: '0.500000000000000000', held_delta: '0.000000000000000000' },
      {
        kind: 'deposit_reversal',
        balance_delta: '-0.500000000000000000',
        held_delta: '0.000000000000000000',
      },
    ]);
    const events = await gateway.db
      .selectFrom('webhook_event')
      .innerJoin('webhook_delivery', 'event_id', 'webhook_event.id')
      .select(['event', 'body'])
      .where('event', '=', 'deposit.reversed')
      .execute();
    expect(events.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        event: 'deposit.reversed',
        data: {
          deposit_request_id: request_id,
          amount: '0.500000000000000000',
          confirmations: 0,
          block_number: null,
        },
      },
    ]);
    expect(await brokenLaws()).toEqual([]);
    // The transaction is final: it is not credited again.
    expect(await gateway.chain.settleDeposit(id, 'confirmed')).toBe(false);
  });

  it('a deposit that was spent leaves a negative balance: no withdrawal until a deposit makes up for it', async () => {
    const { available } = await readBalance();
    const { id } = await deposit('2');
    // More than there was before the deposit; the fee is on top.
    const inFlight = await withdraw('2');
    const settled = await withdraw('1');
    expect([inFlight.status, settled.status]).toEqual([200, 200]);
    await gateway.chain.settle(settled.id ?? 0, 'confirmed');
    expect(await reverse(id)).toBe(200);
    const after = await readBalance();
    expect(Number(after.available)).toBeLessThan(0);
    expect(Number(after.available)).toBeCloseTo(Number(available) - 3 - 2 * 0.001, 1);
    expect(await brokenLaws()).toEqual([]);
    expect(await withdraw('0.01')).toMatchObject({ status: 400, message: 'Insufficient available balance' });
    await gateway.chain.settle(inFlight.id ?? 0, 'confirmed');
    expect(await readBalance()).toMatchObject({ balance: after.available, available: after.available });
    await deposit('10');
    expect((await withdraw('0.01')).status).toBe(200);
    expect(await brokenLaws()).toEqual([]);
  });

  it('a balance without reversals stays safe: the database does not let it become negative', async () => {
    const overspend = gateway.db.updateTable('balance').set({ balance: '-1' }).where('currency', '=', 'BTC');
    await expect(overspend.execute()).rejects.toThrow('never_overspent');
  });
});
