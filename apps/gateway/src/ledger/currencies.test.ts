import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  const ask = async (target: string, keyId = 'ck_demo_full') => {
    const { status, body } = await gateway.call(target, { keyId });
    return { status, body };
  };
  const rejection = (status: number, message: string) => ({ status, body: { success: false, message } });

  describe('GET /v1/currencies', () => {
    it('lists the currencies of the account, with amounts at 18 places and percentages at 6', async () => {
      const { status, body } = await ask('/v1/currencies');
      expect(status).toBe(200);
      expect(body).toMatchObject({ success: true, message: 'OK', data_count: 4 });
      const rows = body.data as readonly Record<string, unknown>[];
      expect(rows.map(({ currency, network }) => `${currency}/${network}`)).toEqual([
        'BTC/BTC',
        'ETH/ETH',
        'USDT/ETH',
        'USDT/TRX',
      ]);
      expect(rows[2]).toEqual({
        currency: 'USDT',
        network: 'ETH',
        name: 'Tether USD',
        is_token: true,
        contract_address: '0xdAC17F958D2ee523a2206206994597C13D831ec7',
        decimals: 6,
        deposit_enabled: true,
        withdrawal_enabled: true,
        min_deposit_amount: '0.000000000000000000',
        min_withdrawal_amount: '10.000000000000000000',
        withdrawal_fee_flat: '5.000000000000000000',
        withdrawal_fee_percent: '0.000000',
      });
      expect(rows[0]).toMatchObject({
        is_token: false,
        contract_address: null,
        withdrawal_fee_percent: '1.000000',
      });
    });

    it('omits currencies that are inactive or have deposits and withdrawals disabled', async () => {
      const set = (values: { deposit_enabled: boolean; withdrawal_enabled: boolean }) =>
        gateway.db
          .updateTable('account_currency')
          .set(values)
          .where('account_id', '=', 'acct_demo')
          .where('currency', '=', 'BTC')
          .execute();
      const count = async () => (await ask('/v1/currencies')).body.data_count;
      await set({ deposit_enabled: true, withdrawal_enabled: false });
      expect(await count()).toBe(4);
      await set({ deposit_enabled: false, withdrawal_enabled: false });
      expect(await count()).toBe(3);
      await gateway.db.updateTable('currency').set({ active: false }).where('currency', '=', 'ETH').execute();
      expect(await count()).toBe(2);
      const rejected = await gateway.call('/v1/deposit-addresses', {
        method: 'POST',
        body: { currency: 'ETH', network: 'ETH' },
      });
      expect(rejected.body.message).toBe('Deposits are not enabled for this currency');
    });

    it('requires the permission', async () => {
      expect(await ask('/v1/currencies', 'ck_demo_readonly')).toEqual(
        rejection(403, 'API key lacks the required permission: list_currencies'),
      );
    });
  });

  describe('GET /v1/hot-wallet-address', () => {
    it('returns the same address every time, ignoring the case of the network', async () => {
      const first = await ask('/v1/hot-wallet-address?network=eth');
      expect(first).toEqual({
        status: 200,
        body: {
          success: true,
          message: 'OK',
          data: { network: 'ETH', address: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/) },
        },
      });
      expect(await ask('/v1/hot-wallet-address?network=ETH')).toEqual(first);
      expect((await ask('/v1/hot-wallet-address?network=ETH', 'ck_demo_other')).body.data).not.toEqual(
        first.body.data,
      );
    });

    it.each([
      ['?network=DOGE', 'ck_demo_full', 404, 'Network not found'],
      [
        '?network=BTC',
        'ck_demo_other',
        404,
        'Hot wallet has not been allocated for this network. Enable at least one currency first.',
      ],
      ['', 'ck_demo_full', 422, 'network: Field required'],
      [
        '?network=ETH',
        'ck_demo_readonly',
        403,
        'API key lacks the required permission: request_withdrawal_funding_address',
      ],
    ])('%s for %s: %i %s', async (query, keyId, status, message) => {
      expect(await ask(`/v1/hot-wallet-address${query}`, keyId)).toEqual(rejection(status, message));
    });
  });
});
