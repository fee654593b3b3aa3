import { depositCalls, type Requested } from '@cpg/test-support/gateway/sandbox-calls';
import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());
  const { request, requested, pass, resetClock } = depositCalls(() => gateway);

  describe('POST /v1/deposit-addresses', () => {
    it('returns an address that is displayed for three hours', async () => {
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
    ])('returns an address of the family of %s', async (network, currency, shape) => {
      expect((await requested({ network, currency })).address).toMatch(shape);
    });

    it('returns the same address to a user, per account, currency and network', async () => {
      const first = await Promise.all(
        Array.from({ length: 5 }, () => requested({ user_identifier: 'user-1' })),
      );
      await pass(400 * 86_400);
      const later = await requested({ user_identifier: 'user-1', currency: 'usdt', network: 'eth' });
      resetClock();
      expect(new Set([...first, later].map(({ address }) => address)).size).toBe(1);
      expect(new Set([...first, later].map(({ request_id }) => request_id)).size).toBe(6);
      const others = await Promise.all([
        requested({ user_identifier: 'user-2' }),
        requested({ user_identifier: 'user-1', currency: 'ETH' }),
        requested({ user_identifier: 'user-1' }, 'ck_demo_other'),
      ]);
      expect(new Set([later, ...others].map(({ address }) => address)).size).toBe(4);
    });

    it('assigns a recyclable address to one request at a time, and reuses it a day after its display time', async () => {
      const ask = () => Promise.all([requested({ currency: 'ETH' }), requested({ currency: 'ETH' })]);
      const first = await ask();
      const whileShown = await ask();
      await pass(27 * 3600 - 1);
      const withinTheDay = await ask();
      await pass(1);
      const recycled = await ask();
      resetClock();
      const addresses = (responses: readonly Requested[]) => responses.map(({ address }) => address);
      const inUse = new Set([...addresses(first), ...addresses(whileShown), ...addresses(withinTheDay)]);
      expect(inUse.size).toBe(6);
      const known = new Set([...addresses(first), ...addresses(whileShown)]);
      expect(addresses(recycled).filter((address) => known.has(address))).toHaveLength(2);
      expect(new Set(addresses(recycled)).size).toBe(2);
    });

    it('executes an idempotency_key once, also for concurrent retries, and rejects other parameters', async () => {
      const order = { idempotency_key: 'invoice-1', user_identifier: 'user-9' };
      const responses = await Promise.all(Array.from({ length: 10 }, () => request(order)));
      const distinct = new Set(responses.map(({ status, body }) => JSON.stringify([status, body])));
      expect([...distinct]).toEqual([expect.stringMatching(/^\[200,/)]);
      await pass(86_400);
      expect((await request(order)).body).toEqual(responses[0]?.body);
      resetClock();
      for (const other of [{ user_identifier: null }, { currency: 'ETH' }, { network: 'TRX' }]) {
        const { status, body } = await request({ ...order, ...other });
        expect({ status, message: body.message }).toEqual({
          status: 409,
          message: 'idempotency_key was already used with different parameters',
        });
      }
      expect((await request(order, 'ck_demo_other')).status).toBe(200);
    });

    it('assigns one address to retries without user_identifier', async () => {
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
    ])('rejects %j with key %s: %i %s', async (differences, keyId, status, message) => {
      const response = await request(differences, keyId);
      expect({ status: response.status, message: response.body.message }).toEqual({ status, message });
    });
  });
});
