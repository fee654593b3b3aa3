import { describeOnEachDatabase, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  const row = (
    currency: string,
    network: string,
    [balance, held, available]: readonly [string, string, string],
  ) => ({
    currency,
    network,
    balance,
    held,
    available,
  });

  const USDT_ETH = row('USDT', 'ETH', ['1500.000000', '200.000000', '1300.000000']);

  describe('GET /v1/balances', () => {
    it('lists every balance by currency, then network, at its precision', async () => {
      const { status, headers, body } = await gateway.call('/v1/balances');
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(body).toEqual({
        success: true,
        message: 'OK',
        data: [
          row('BTC', 'BTC', ['0.15000000', '0.00000000', '0.15000000']),
          row('ETH', 'ETH', ['2.000000000000000000', '0.000000000000000000', '2.000000000000000000']),
          USDT_ETH,
          row('USDT', 'TRX', ['250.000000', '0.000000', '250.000000']),
        ],
        data_count: 4,
      });
    });

    it.each([
      'currency=USDT&network=ETH',
      'network=ETH&currency=USDT',
      'currency=usdt&network=eTh',
      'currency=%55SDT&network=ETH&x=1',
    ])('filters by ?%s', async (query) => {
      const { body } = await gateway.call(`/v1/balances?${query}`);
      expect(body).toEqual({ success: true, message: 'OK', data: [USDT_ETH], data_count: 1 });
    });

    it.each(['currency=DOGE', 'currency=', 'currency=USDT&network=BTC'])(
      'returns no rows for ?%s',
      async (query) => {
        const { body } = await gateway.call(`/v1/balances?${query}`);
        expect(body).toEqual({ success: true, message: 'OK', data: [], data_count: 0 });
      },
    );

    it('is limited to the account of the key', async () => {
      const { body } = await gateway.call('/v1/balances', { keyId: 'ck_demo_other' });
      expect(body.data).toEqual([row('USDT', 'ETH', ['10.000000', '0.000000', '10.000000'])]);
    });

    it.each([
      [
        '/v1/balances?currency=A&currency=B',
        'ck_demo_full',
        422,
        'currency: Input should be given only once',
      ],
      ['/v1/balances', 'ck_demo_noperm', 403, 'API key lacks the required permission: read_balance'],
      ['/v1/balances', 'ck_demo_revoked', 401, 'Invalid signature'],
      ['/v1/balances', 'ck_demo_unknown', 401, 'Invalid signature'],
      ['/v1/balances', 'ck_demo_iplisted', 403, 'Source IP is not whitelisted for this API key'],
      ['/v1/nothing', 'ck_demo_full', 404, 'Not found'],
    ])('responds to %s with key %s: %i %s', async (target, keyId, status, message) => {
      const response = await gateway.call(target, { keyId });
      expect({ status: response.status, body: response.body }).toEqual({
        status,
        body: { success: false, message },
      });
    });

    it('responds to another method with 405 and the allowed methods', async () => {
      const { status, headers, body } = await gateway.call('/v1/balances', { method: 'DELETE' });
      expect({ status, allow: headers.get('allow'), message: body.message }).toEqual({
        status: 405,
        allow: 'GET',
        message: 'Method not allowed',
      });
    });
  });

  describe('outside /v1', () => {
    it('responds 404 with the envelope', async () => {
      const response = await fetch(`${gateway.url}/nothing`);
      expect({ status: response.status, body: await response.json() }).toEqual({
        status: 404,
        body: { success: false, message: 'Not found' },
      });
    });
  });

  describe('GET /v1/_ping', () => {
    it('accepts any valid signature', async () => {
      const { body } = await gateway.call('/v1/_ping', { keyId: 'ck_demo_noperm' });
      expect(body).toEqual({ success: true, message: 'OK', data: { pong: true } });
    });
  });

  describe('the log', () => {
    it('has one line per request, without headers, signatures and secrets', () => {
      const log = gateway.logged.join('');
      expect(log).toContain('"url":"/v1/balances?currency=USDT&network=ETH"');
      expect(log).not.toMatch(/x-cpg-|[0-9a-f]{64}|DO-NOT-USE/i);
    });
  });
});
