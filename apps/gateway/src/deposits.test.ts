import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveDeposit } from './chain/receive-deposit.ts';
import { sweepDeposit } from './chain/sweep-deposit.ts';
import { auditLedger } from './ledger/audit-ledger.ts';
import { describeOnEachDatabase } from './testing/describe-on-each-database.ts';
import { TEST_NOW, type TestGateway } from './testing/test-gateway.ts';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  interface Requested {
    readonly request_id: number;
    readonly address: string;
  }

  const request = (differences: Record<string, unknown> = {}, keyId = 'ck_demo_full') =>
    gateway.call('/v1/deposit-addresses', {
      keyId,
      method: 'POST',
      body: { currency: 'USDT', network: 'ETH', ...differences },
    });
  const requested = async (differences: Record<string, unknown> = {}, keyId?: string) =>
    (await request(differences, keyId)).body.data as Requested;
  const pass = async (seconds: number) => {
    gateway.clock.freeze(gateway.clock.now() + seconds * 1000);
    await gateway.chain.advance();
  };
  const backToStart = () => gateway.clock.freeze(TEST_NOW * 1000);
  const balance = async (query: string) =>
    ((await gateway.call(`/v1/balances?${query}`)).body.data as { readonly balance: string }[])[0]?.balance;

  describe('POST /v1/deposit-addresses', () => {
    it('answers with an address, shown for three hours', async () => {
      const { status, body } = await request();
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          success: true,
          message: 'OK',
          data: {
            request_id: 5001,
            address: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/),
            network: 'ETH',
            currency: 'USDT',
            contract_address: '0xdAC17F958D2ee523a2206206994597C13D831ec7',
            user_identifier: null,
            display_expires_at: '2027-01-15T11:00:00+00:00',
            created_at: '2027-01-15T08:00:00+00:00',
          },
        },
      });
    });

    it.each([
      ['TRX', 'USDT', /^T[1-9A-HJ-NP-Za-km-z]{33}$/],
      ['BTC', 'BTC', /^bc1q[02-9ac-hj-np-z]{38}$/],
    ])('gives addresses of the family of %s', async (network, currency, shape) => {
      expect((await requested({ network, currency })).address).toMatch(shape);
    });

    it('gives a user the same address for ever, per account, currency and network', async () => {
      const first = await Promise.all(
        Array.from({ length: 5 }, () => requested({ user_identifier: 'user-1' })),
      );
      await pass(400 * 86_400);
      const later = await requested({ user_identifier: 'user-1', currency: 'usdt', network: 'eth' });
      backToStart();
      expect(new Set([...first, later].map(({ address }) => address)).size).toBe(1);
      expect(new Set([...first, later].map(({ request_id }) => request_id)).size).toBe(6);
      const others = await Promise.all([
        requested({ user_identifier: 'user-2' }),
        requested({ user_identifier: 'user-1', currency: 'ETH' }),
        requested({ user_identifier: 'user-1' }, 'ck_demo_other'),
      ]);
      expect(new Set([later, ...others].map(({ address }) => address)).size).toBe(4);
    });

    it('gives a recyclable address to one request at a time, and again a day after it was last shown', async () => {
      const ask = () => Promise.all([requested({ currency: 'ETH' }), requested({ currency: 'ETH' })]);
      const first = await ask();
      const whileShown = await ask();
      await pass(27 * 3600 - 1);
      const withinTheDay = await ask();
      await pass(1);
      const recycled = await ask();
      backToStart();
      const addresses = (answers: readonly Requested[]) => answers.map(({ address }) => address);
      const inUse = new Set([...addresses(first), ...addresses(whileShown), ...addresses(withinTheDay)]);
      expect(inUse.size).toBe(6);
      const known = new Set([...addresses(first), ...addresses(whileShown)]);
      expect(addresses(recycled).filter((address) => known.has(address))).toHaveLength(2);
      expect(new Set(addresses(recycled)).size).toBe(2);
    });

    it('answers an idempotency_key once, also when repeats arrive together, and refuses other parameters', async () => {
      const order = { idempotency_key: 'invoice-1', user_identifier: 'user-9' };
      const answers = await Promise.all(Array.from({ length: 10 }, () => request(order)));
      const distinct = new Set(answers.map(({ status, body }) => JSON.stringify([status, body])));
      expect([...distinct]).toEqual([expect.stringMatching(/^\[200,/)]);
      await pass(86_400);
      expect((await request(order)).body).toEqual(answers[0]?.body);
      backToStart();
      for (const other of [{ user_identifier: null }, { currency: 'ETH' }, { network: 'TRX' }]) {
        const { status, body } = await request({ ...order, ...other });
        expect({ status, message: body.message }).toEqual({
          status: 409,
          message: 'idempotency_key was already used with different parameters',
        });
      }
      expect((await request(order, 'ck_demo_other')).status).toBe(200);
    });

    it('gives no address away for repeats without user_identifier', async () => {
      const order = { currency: 'BTC', network: 'BTC', idempotency_key: 'invoice-2' };
      const count = async () =>
        (await gateway.db.selectFrom('deposit_address').select('id').where('currency', '=', 'BTC').execute())
          .length;
      const before = await count();
      await Promise.all(Array.from({ length: 10 }, () => request(order)));
      expect((await count()) - before).toBe(1);
    });

    it.each([
      [{ currency: 'DOGE' }, 'ck_demo_full', 400, 'Deposits are not enabled for this currency'],
      [
        { currency: 'BTC', network: 'BTC' },
        'ck_demo_other',
        400,
        'Deposits are not enabled for this currency',
      ],
      [{ idempotencyKey: 'x' }, 'ck_demo_full', 422, 'idempotencyKey: Unexpected field'],
      [
        { user_identifier: 'x'.repeat(257) },
        'ck_demo_full',
        422,
        'user_identifier: String should have at most 256 characters',
      ],
      [{}, 'ck_demo_readonly', 403, 'API key lacks the required permission: request_deposit_address'],
    ])('refuses %j of %s with %i %s', async (differences, keyId, status, message) => {
      const answer = await request(differences, keyId);
      expect({ status: answer.status, message: answer.body.message }).toEqual({ status, message });
    });
  });

  describe('GET /v1/deposit-requests/{request_id}', () => {
    const read = async (id: number) => (await gateway.call(`/v1/deposit-requests/${id}`)).body.data;

    it('shows a payment from its detection to its confirmation, and credits it then', async () => {
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
      backToStart();
    });

    it('credits a currency of which there was no balance, and does not credit what fails', async () => {
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
      backToStart();
    });

    it('is expired when its display time is over, and still monitored', async () => {
      const { request_id, address } = await requested({ currency: 'ETH' });
      await pass(3 * 3600 - 1);
      expect(await read(request_id)).toMatchObject({ status: 'active' });
      await pass(1);
      await receiveDeposit(gateway, { network: 'ETH', address, amount: '0.1' });
      expect(await read(request_id)).toMatchObject({
        status: 'expired',
        transactions: [{ amount_decimal: '0.100000000000000000', status: 'detected' }],
      });
      backToStart();
    });

    it.each([
      ['5001', 'ck_demo_other', 404, 'Not found'],
      ['999999', 'ck_demo_full', 404, 'Not found'],
      ['9999999999999999999', 'ck_demo_full', 404, 'Not found'],
      ['0', 'ck_demo_full', 422, 'request_id: Input should be a valid integer'],
      ['5001', 'ck_demo_readonly', 403, 'API key lacks the required permission: read_deposit_status'],
    ])('%s for %s: %i %s', async (id, keyId, status, message) => {
      const answer = await gateway.call(`/v1/deposit-requests/${id}`, { keyId });
      expect({ status: answer.status, message: answer.body.message }).toEqual({ status, message });
    });
  });

  describe('a sweep', () => {
    it('moves a confirmed deposit to the hot wallet, once, and leaves the balance alone', async () => {
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
      backToStart();
    });

    it('of a token gets the coin for the fee first, of which no balance and no law of the ledger knows', async () => {
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
      backToStart();
    });
  });
});
