import { depositCalls, type Requested } from '@cpg/test-support/gateway/sandbox-calls';
import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../ledger/audit.ts';
import { receiveDeposit, sweepDeposit } from './broadcast.ts';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());
  const { requested, pass, resetClock, balance } = depositCalls(() => gateway);

  describe('a sweep', () => {
    it('moves a confirmed deposit to the hot wallet once, without changing the balance', async () => {
      const { address } = await requested({ currency: 'BTC', network: 'BTC' });
      const deposit = await receiveDeposit(gateway, { network: 'BTC', address, amount: '0.5' });
      const id = deposit?.id as number;
      expect(await sweepDeposit(gateway, id)).toBe(false);
      await gateway.chain.settleDeposit(id, 'confirmed');
      const credited = await balance('currency=BTC');
      expect([await sweepDeposit(gateway, id), await sweepDeposit(gateway, id)]).toEqual([true, false]);
      const wallet = (await gateway.call('/v1/hot-wallet-address?network=btc')).body.data as Requested;
      const sweeps = async () => (await gateway.call('/v1/transactions?direction=sweep')).body.data;
      const sweep = { from_address: address, to_address: wallet.address, amount_decimal: '0.50000000' };
      expect(await sweeps()).toMatchObject([{ ...sweep, status: 'broadcasted', confirmations: 0 }]);
      await pass(3);
      expect(await sweeps()).toMatchObject([{ ...sweep, status: 'confirmed', confirmations: 2 }]);
      expect([credited, await balance('currency=BTC')]).toEqual(['0.65000000', '0.65000000']);
      const topUps = (await gateway.call('/v1/transactions?direction=gas_topup')).body.data;
      expect(topUps).toEqual([]);
      resetClock();
    });

    it('of a token is preceded by a gas top-up, which changes no balance and no invariant', async () => {
      const { address } = await requested();
      const deposit = await receiveDeposit(gateway, { network: 'ETH', address, amount: '20' });
      const id = deposit?.id as number;
      await gateway.chain.settleDeposit(id, 'confirmed');
      const sweeps = await Promise.all(Array.from({ length: 3 }, () => sweepDeposit(gateway, id)));
      expect(sweeps.sort()).toEqual([false, false, true]);
      const newest = async () =>
        (await gateway.call('/v1/transactions?network=ETH&limit=2')).body.data as readonly unknown[];
      const wallet = (await gateway.call('/v1/hot-wallet-address?network=ETH')).body.data as Requested;
      const topUp = {
        direction: 'gas_topup',
        currency: 'ETH',
        from_address: wallet.address,
        to_address: address,
        amount_decimal: '0.000500000000000000',
      };
      const sweep = {
        direction: 'sweep',
        currency: 'USDT',
        from_address: address,
        to_address: wallet.address,
      };
      const under = { status: 'broadcasted', confirmations: 0, block_number: null, confirmed_at: null };
      expect(await newest()).toMatchObject([
        { ...sweep, ...under },
        { ...topUp, ...under },
      ]);
      const before = await balance('currency=ETH');
      await pass(3);
      const over = { status: 'confirmed', confirmations: 12, confirmed_at: '2027-01-15T08:00:03+00:00' };
      expect(await newest()).toMatchObject([
        { ...sweep, ...over },
        { ...topUp, ...over },
      ]);
      expect([before, await balance('currency=ETH')]).toEqual([
        '2.000000000000000000',
        '2.000000000000000000',
      ]);
      const audit = await auditLedger(gateway.db);
      expect(audit.flatMap(({ violations }) => violations)).toEqual([]);
      resetClock();
    });
  });
});
