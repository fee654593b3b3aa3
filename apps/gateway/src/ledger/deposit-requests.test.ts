import { depositCalls } from '@cpg/test-support/gateway/sandbox-calls';
import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveDeposit } from '../chain/broadcast.ts';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());
  const { requested, pass, resetClock, balance } = depositCalls(() => gateway);

  describe('GET /v1/deposit-requests/{request_id}', () => {
    const read = async (id: number) => (await gateway.call(`/v1/deposit-requests/${id}`)).body.data;

    it('shows a payment from detection to confirmation, and credits it on confirmation', async () => {
      const { request_id, address } = await requested({ user_identifier: 'payer' });
      const deposit = await receiveDeposit(gateway, { network: 'ETH', address, amount: '12.5' });
      const payment = {
        tx_hash: deposit?.tx_hash,
        amount_decimal: '12.500000',
        confirmations: 0,
        status: 'detected',
        block_number: null,
        detected_at: '2027-01-15T08:00:00+00:00',
        confirmed_at: null,
      };
      expect(await read(request_id)).toEqual({
        request_id,
        address,
        network: 'ETH',
        currency: 'USDT',
        user_identifier: 'payer',
        status: 'active',
        display_expires_at: '2027-01-15T11:00:00+00:00',
        created_at: '2027-01-15T08:00:00+00:00',
        transactions: [payment],
      });
      const before = await balance('currency=USDT&network=ETH');
      await pass(1);
      const included = { ...payment, confirmations: 4, block_number: deposit?.block_number };
      expect(await read(request_id)).toMatchObject({ transactions: [included] });
      expect(await balance('currency=USDT&network=ETH')).toBe(before);
      await pass(2);
      const confirmed = { confirmations: 12, status: 'confirmed', confirmed_at: '2027-01-15T08:00:03+00:00' };
      expect(await read(request_id)).toMatchObject({ transactions: [{ ...included, ...confirmed }] });
      expect([before, await balance('currency=USDT&network=ETH')]).toEqual(['1500.000000', '1512.500000']);
      await gateway.chain.advance();
      expect(await balance('currency=USDT&network=ETH')).toBe('1512.500000');
      resetClock();
    });

    it('shows the newest 100 payments, oldest first', async () => {
      const { request_id, address } = await requested({ user_identifier: 'often' });
      await sql`INSERT INTO chain_transaction (account_id, direction, status, currency, network, to_address, amount,
          tx_hash, created_at, deposit_request_id)
        SELECT 'acct_demo', 'deposit', 'failed', 'USDT', 'ETH', ${address}, n, 'often-' || n, now(), ${request_id}
        FROM generate_series(1, 130) AS n`.execute(gateway.db);
      const { transactions } = (await read(request_id)) as { transactions: { tx_hash: string }[] };
      expect(transactions.map(({ tx_hash }) => tx_hash)).toEqual(
        Array.from({ length: 100 }, (_, index) => `often-${index + 31}`),
      );
    });

    it('credits a currency without a balance, and does not credit a failed deposit', async () => {
      const { address, request_id } = await requested({ network: 'TRX' }, 'ck_demo_full');
      const good = await receiveDeposit(gateway, { network: 'TRX', address, amount: '0.000001' });
      const bad = await receiveDeposit(gateway, { network: 'TRX', address, amount: '7' });
      expect(await gateway.chain.settleDeposit(bad?.id as number, 'failed')).toBe(true);
      expect(await gateway.chain.settleDeposit(bad?.id as number, 'confirmed')).toBe(false);
      await pass(3);
      expect(await read(request_id)).toMatchObject({
        transactions: [
          { tx_hash: good?.tx_hash, status: 'confirmed', amount_decimal: '0.000001' },
          {
            tx_hash: bad?.tx_hash,
            status: 'failed',
            confirmations: 0,
            block_number: null,
            confirmed_at: null,
          },
        ],
      });
      expect(await balance('network=TRX')).toBe('250.000001');
      resetClock();
    });

    it('is expired after its display time, and still credits payments', async () => {
      const { request_id, address } = await requested({ currency: 'ETH' });
      await pass(3 * 3600 - 1);
      expect(await read(request_id)).toMatchObject({ status: 'active' });
      await pass(1);
      await receiveDeposit(gateway, { network: 'ETH', address, amount: '0.1' });
      expect(await read(request_id)).toMatchObject({
        status: 'expired',
        transactions: [{ amount_decimal: '0.100000000000000000', status: 'detected' }],
      });
      resetClock();
    });

    it.each([
      ['5001', 'ck_demo_other', 404, 'Not found'],
      ['999999', 'ck_demo_full', 404, 'Not found'],
      ['9999999999999999999', 'ck_demo_full', 404, 'Not found'],
      ['0', 'ck_demo_full', 422, 'request_id: Input should be a valid integer'],
      ['5001', 'ck_demo_readonly', 403, 'API key lacks the required permission: read_deposit_status'],
    ])('%s for %s: %i %s', async (id, keyId, status, message) => {
      const response = await gateway.call(`/v1/deposit-requests/${id}`, { keyId });
      expect({ status: response.status, message: response.body.message }).toEqual({ status, message });
    });
  });
});
