import { toDecimal } from '@cpg/protocol';
import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FAILING_ADDRESS } from '../chain/simulated-chain.ts';
import { calculateWithdrawalFee } from './withdrawals.ts';

const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  const reset = async () => {
    gateway.clock.freeze(TEST_NOW * 1000);
    await gateway.reset();
  };

  const withdraw = (differences: Record<string, unknown> = {}, keyId = 'ck_demo_full') =>
    gateway.call('/v1/withdrawals', {
      keyId,
      method: 'POST',
      body: { currency: 'USDT', network: 'ETH', to_address: ADDRESS, amount: '100', ...differences },
    });

  const readBalance = async () => {
    const { body } = await gateway.call('/v1/balances?currency=USDT&network=ETH');
    return (body.data as unknown[])[0];
  };

  const settle = async () => {
    gateway.clock.freeze((TEST_NOW + 3) * 1000);
    await gateway.chain.advance();
  };

  const usdt = (balance: string, held: string, available: string) => {
    return { currency: 'USDT', network: 'ETH', balance, held, available };
  };

  describe('POST /v1/withdrawals', () => {
    beforeEach(reset);

    it('holds amount and fee, and debits both on confirmation', async () => {
      const created = await withdraw();
      expect(created.status).toBe(200);
      expect(created.body).toEqual({
        success: true,
        message: 'OK',
        data: {
          withdrawal_id: 1002,
          status: 'broadcasted',
          tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
          network: 'ETH',
          currency: 'USDT',
          to_address: ADDRESS,
          amount_decimal: '100.000000',
          fee_decimal: '5.000000',
        },
      });
      expect(await readBalance()).toEqual(usdt('1500.000000', '305.000000', '1195.000000'));
      await settle();
      expect(await readBalance()).toEqual(usdt('1395.000000', '200.000000', '1195.000000'));
      const { body } = await gateway.call('/v1/withdrawals/1002');
      expect(body.data).toEqual({
        id: 1002,
        currency: 'USDT',
        network: 'ETH',
        to_address: ADDRESS,
        amount: '100.000000',
        fee: '5.000000',
        status: 'confirmed',
        tx_hash: (created.body.data as { tx_hash: string }).tx_hash,
        error_message: null,
        requested_at: '2027-01-15T08:00:00+00:00',
        broadcast_at: '2027-01-15T08:00:00+00:00',
        confirmed_at: '2027-01-15T08:00:03+00:00',
      });
    });

    it('releases the hold on failure', async () => {
      await withdraw({ to_address: FAILING_ADDRESS });
      expect(await readBalance()).toEqual(usdt('1500.000000', '305.000000', '1195.000000'));
      await settle();
      expect(await readBalance()).toEqual(usdt('1500.000000', '200.000000', '1300.000000'));
      const { body } = await gateway.call('/v1/withdrawals/1002');
      expect(body.data).toMatchObject({
        status: 'failed',
        error_message: 'Transaction failed on the network',
        confirmed_at: null,
      });
    });

    it('never overspends under concurrent requests', async () => {
      // As many as there are connections to PostgreSQL: more would wait for one, on a busy machine until their deadline.
      const responses = await Promise.all(Array.from({ length: 16 }, () => withdraw()));
      const rejected = responses.filter(({ status }) => status !== 200);
      // 1300 available, 105 each: 12 fit.
      expect(responses.length - rejected.length).toBe(12);
      for (const { status, body } of rejected) {
        expect({ status, body }).toEqual({
          status: 400,
          body: { success: false, message: 'Insufficient available balance' },
        });
      }
      expect(await readBalance()).toEqual(usdt('1500.000000', '1460.000000', '40.000000'));
      await settle();
      expect(await readBalance()).toEqual(usdt('240.000000', '200.000000', '40.000000'));
    });

    it('executes a client_reference once, also for concurrent retries, and rejects other parameters', async () => {
      const responses = await Promise.all(
        Array.from({ length: 10 }, () => withdraw({ client_reference: 'order-1' })),
      );
      const distinct = new Set(responses.map(({ status, body }) => JSON.stringify([status, body])));
      expect(distinct.size).toBe(1);
      expect(responses[0]?.status).toBe(200);
      expect(await readBalance()).toEqual(usdt('1500.000000', '305.000000', '1195.000000'));
      await settle();
      // An equal amount in another notation is the same parameter, also after settlement.
      const again = await withdraw({ client_reference: 'order-1', amount: 100, currency: 'usdt' });
      expect(again.body).toEqual(responses[0]?.body);
      const other = await withdraw({ client_reference: 'order-1', amount: '101' });
      expect(other.status).toBe(409);
      expect(other.body).toEqual({
        success: false,
        message: 'client_reference was already used with different parameters',
      });
    });

    it('scopes client references to an account', async () => {
      await withdraw({ client_reference: 'order-1' });
      const other = await withdraw({ client_reference: 'order-1', amount: '11' }, 'ck_demo_other');
      expect(other.body.message).toBe('Insufficient available balance');
    });

    it('spends exactly the available balance', async () => {
      expect((await withdraw({ amount: '1295' })).status).toBe(200);
      expect(await readBalance()).toEqual(usdt('1500.000000', '1500.000000', '0.000000'));
    });
  });

  describe('POST /v1/withdrawals, rejected', () => {
    beforeAll(reset);

    it.each([
      [{ amount: '9.99' }, 400, 'Amount is below the minimum withdrawal amount'],
      [{ amount: '10.0000001' }, 422, 'amount: Input should have at most 6 decimal places'],
      [{ amount: '0' }, 422, 'amount: Input should be greater than 0'],
      [{ to_address: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t' }, 400, 'Invalid destination address'],
      [{ to_address: 'short' }, 422, 'to_address: String should have at least 10 characters'],
      [{ currency: 'DOGE' }, 400, 'Withdrawals are not enabled for this currency'],
      [{ amount: '1295.000001' }, 400, 'Insufficient available balance'],
      [{ client_refrence: 'typo' }, 422, 'client_refrence: Unexpected field'],
      [
        { client_reference: 'a\u0000b' },
        422,
        'client_reference: String should be well-formed Unicode without NUL',
      ],
    ])('rejects %j with %i %s and holds nothing', async (differences, status, message) => {
      const response = await withdraw(differences);
      expect({ status: response.status, body: response.body }).toEqual({
        status,
        body: { success: false, message },
      });
      expect(await readBalance()).toEqual(usdt('1500.000000', '200.000000', '1300.000000'));
    });
  });

  describe('GET /v1/withdrawals/{withdrawal_id}', () => {
    beforeAll(reset);

    it.each([
      ['1001', 'ck_demo_other', 404, 'Not found'],
      ['4711', 'ck_demo_full', 404, 'Not found'],
      ['9999999999999999999', 'ck_demo_full', 404, 'Not found'],
      ['01', 'ck_demo_full', 422, 'withdrawal_id: Input should be a valid integer'],
      ['abc', 'ck_demo_full', 422, 'withdrawal_id: Input should be a valid integer'],
      ['1001', 'ck_demo_readonly', 403, 'API key lacks the required permission: read_withdrawal_status'],
    ])('%s for %s: %i %s', async (id, keyId, status, message) => {
      const response = await gateway.call(`/v1/withdrawals/${id}`, { keyId });
      expect({ status: response.status, body: response.body }).toEqual({
        status,
        body: { success: false, message },
      });
    });

    const POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

    it('shows the demo withdrawal, which stays pending until settled', async () => {
      await settle();
      const { data } = (await gateway.call('/v1/withdrawals/1001')).body;
      expect(data).toMatchObject({ status: 'pending', tx_hash: null });
      const told = await fetch(`${gateway.operationsUrl}/_sandbox/withdrawals/1001/confirm`, POST);
      expect(told.status).toBe(200);
      expect((await gateway.call('/v1/withdrawals/1001')).body.data).toMatchObject({ status: 'confirmed' });
      expect(await readBalance()).toEqual(usdt('1300.000000', '0.000000', '1300.000000'));
      const again = await fetch(`${gateway.operationsUrl}/_sandbox/withdrawals/1001/fail`, POST);
      expect(again.status).toBe(404);
    });
  });
});

it.each([
  ['100', 6, '5', '0', '5.000000'],
  ['100', 6, '0', '1.000000', '1.000000'],
  ['100', 2, '0.5', '0.25', '0.75'],
  // Rounded up to the currency's decimals.
  ['0.00000001', 8, '0', '1', '0.00000001'],
  ['33.333333', 6, '0', '1', '0.333334'],
  ['12345678901234567890.123456789012345678', 18, '0', '0.5', '61728394506172839.450617283945061729'],
])('fee of %s at %i decimals, %s flat and %s percent: %s', (amount, decimals, flat, percent, expected) => {
  expect(
    calculateWithdrawalFee(amount, { decimals, withdrawal_fee_flat: flat, withdrawal_fee_percent: percent }),
  ).toBe(expected);
});

it('is at least flat plus percent, and exceeds it by less than one unit of the last place', () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 24n });
  const decimal = (value: bigint, places: number) =>
    toDecimal(`${value}`)
      .div(10 ** places)
      .toFixed(places);
  fc.assert(
    fc.property(digits, digits, fc.nat(100_000_000), fc.nat(18), (amount, flat, percent, decimals) => {
      const schedule = {
        decimals,
        withdrawal_fee_flat: decimal(flat, 18),
        withdrawal_fee_percent: decimal(BigInt(percent), 6),
      };
      const fee = calculateWithdrawalFee(decimal(amount, decimals), schedule);
      const exact = toDecimal(decimal(amount, decimals))
        .times(schedule.withdrawal_fee_percent)
        .div(100)
        .plus(schedule.withdrawal_fee_flat);
      const over = toDecimal(fee).minus(exact);
      expect(over.isNegative()).toBe(false);
      expect(over.lessThan(toDecimal('10').pow(-decimals))).toBe(true);
    }),
  );
});
