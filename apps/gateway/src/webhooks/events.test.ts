import { describeOnEachDatabase } from '@cpg/test-support/gateway/test-gateway';
import { ADDRESS, webhookCalls } from '@cpg/test-support/gateway/webhooks';
import { describe, expect, it } from 'vitest';
import { sweepDeposit } from '../chain/broadcast.ts';
import { FAILING_ADDRESS } from '../chain/simulated-chain.ts';
import { settleWithdrawal } from '../ledger/withdrawal-settlements.ts';
import { bringBackFromFuture } from './attempts.ts';

describeOnEachDatabase((start) => {
  const { gateway, receiver, deliver, post, pass, withdraw, readReceived } = webhookCalls(start);

  describe('the events of a withdrawal', () => {
    it('report its broadcast and its confirmation', async () => {
      await withdraw({ client_reference: 'order-1' });
      await deliver();
      pass(3);
      await gateway().chain.advance();
      await deliver();
      const data = {
        withdrawal_id: 1002,
        client_reference: 'order-1',
        currency: 'USDT',
        network: 'ETH',
        to_address: ADDRESS,
        amount: '10.000000',
        fee: '5.000000',
        status: 'broadcasted',
        tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        error_message: null,
      };
      expect(readReceived()).toEqual([
        {
          id: 1,
          event: 'withdrawal.broadcasted',
          created_at: '2027-01-15T08:00:00Z',
          api_version: '1',
          data,
        },
        {
          id: 2,
          event: 'withdrawal.confirmed',
          created_at: '2027-01-15T08:00:03Z',
          api_version: '1',
          data: { ...data, status: 'confirmed' },
        },
      ]);
    });

    it('report its failure with the reason', async () => {
      await withdraw({ to_address: FAILING_ADDRESS });
      pass(3);
      await gateway().chain.advance();
      await deliver();
      expect(
        readReceived()
          .map(({ event }) => event)
          .sort(),
      ).toEqual(['withdrawal.broadcasted', 'withdrawal.failed']);
      const failed = readReceived().find(({ event }) => event === 'withdrawal.failed');
      expect(failed?.data).toMatchObject({
        status: 'failed',
        error_message: 'Transaction failed on the network',
      });
    });
  });

  describe('the events of a deposit', () => {
    it('report its detection, its confirmation and its sweep', async () => {
      const { data } = (
        await post('/v1/deposit-addresses', { currency: 'BTC', network: 'BTC', user_identifier: 'u-1' })
      ).body;
      const { request_id, address } = data as { readonly request_id: number; readonly address: string };
      const paid = await fetch(`${gateway().operationsUrl}/_sandbox/deposits`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ request_id, amount: '0.5' }),
      });
      const { id } = ((await paid.json()) as { readonly data: { readonly id: number } }).data;
      await deliver();
      pass(3);
      await gateway().chain.advance();
      await deliver();
      await sweepDeposit(gateway(), id);
      pass(3);
      await gateway().chain.advance();
      await deliver();
      const deposit = {
        deposit_request_id: request_id,
        user_identifier: 'u-1',
        address,
        currency: 'BTC',
        network: 'BTC',
        amount: '0.50000000',
        tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      };
      const events = readReceived();
      expect(events.map(({ id: eventId, event, data: told }) => ({ eventId, event, told }))).toEqual([
        { eventId: 1, event: 'deposit.detected', told: { ...deposit, confirmations: 0, block_number: null } },
        {
          eventId: 2,
          event: 'deposit.confirmed',
          told: { ...deposit, confirmations: 2, block_number: expect.any(Number) },
        },
        {
          eventId: 3,
          event: 'deposit.swept',
          told: { ...deposit, confirmations: 4, block_number: expect.any(Number) },
        },
      ]);
    });
  });

  describe('the outbox', () => {
    it('contains no event of a rolled back change', async () => {
      const count = async () =>
        (await gateway().db.selectFrom('webhook_event').select('id').execute()).length;
      await withdraw();
      expect(await count()).toBe(1);
      await gateway()
        .db.updateTable('balance')
        .set({ held: '0' })
        .where('account_id', '=', 'acct_demo')
        .execute();
      const at = new Date(gateway().clock.now());
      await expect(
        settleWithdrawal(gateway().db, { id: 1002, outcome: 'confirmed', errorMessage: null, at }),
      ).rejects.toThrow();
      expect(await count()).toBe(1);
    });

    it('is not delivered to other accounts', async () => {
      await gateway().call('/v1/withdrawals', {
        keyId: 'ck_demo_other',
        method: 'POST',
        body: { currency: 'USDT', network: 'ETH', to_address: ADDRESS, amount: '10' },
      });
      expect([await deliver(), await gateway().chain.advance()]).toEqual([0, undefined]);
      expect(receiver().received).toEqual([]);
    });

    it('does not wait for a clock that was an hour ahead', async () => {
      const hour = 3_600_000;
      const setAhead = (milliseconds: number) => gateway().clock.freeze(gateway().clock.now() + milliseconds);
      setAhead(hour);
      await withdraw();
      setAhead(-hour);
      expect(await deliver()).toBe(0);
      await bringBackFromFuture(gateway());
      expect(await deliver()).toBe(1);
      // What is on its schedule stays on it.
      receiver().respondWith = 500;
      await withdraw();
      expect(await deliver()).toBe(1);
      receiver().respondWith = 200;
      await bringBackFromFuture(gateway());
      expect(await deliver()).toBe(0);
    });

    it('is delivered once by concurrent processes', async () => {
      await Promise.all(Array.from({ length: 8 }, () => withdraw()));
      await Promise.all(Array.from({ length: 4 }, () => deliver()));
      expect(new Set(readReceived().map(({ id }) => id)).size).toBe(8);
      expect(receiver().received).toHaveLength(8);
    });
  });
});
