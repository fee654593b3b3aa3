import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { CompiledQuery, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveDeposit } from '../chain/broadcast.ts';
import { FAILING_ADDRESS } from '../chain/simulated-chain.ts';
import { createPageQuery, listTransactions, type TransactionFilter } from './transactions.ts';

const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  let depositAddress: string;

  const post = async (target: string, body: unknown) =>
    (await gateway.call(target, { method: 'POST', body })).body.data;

  // Seven transactions: 1 a failed withdrawal, 2 a withdrawal in flight, 3 to 7 deposits in flight.
  beforeAll(async () => {
    gateway = await start();
    const order = { currency: 'USDT', network: 'ETH', amount: '10' };
    await post('/v1/withdrawals', { ...order, to_address: FAILING_ADDRESS });
    gateway.clock.freeze((TEST_NOW + 3) * 1000);
    await gateway.chain.advance();
    await post('/v1/withdrawals', { ...order, to_address: ADDRESS });
    const request = await post('/v1/deposit-addresses', { currency: 'BTC', network: 'BTC' });
    depositAddress = (request as { readonly address: string }).address;
    for (let amount = 3; amount <= 7; amount += 1) {
      await receiveDeposit(gateway, { network: 'BTC', address: depositAddress, amount: String(amount) });
    }
  });
  afterAll(() => gateway.close());

  const list = async (query: string, keyId = 'ck_demo_full') => {
    const { status, body } = await gateway.call(`/v1/transactions${query}`, { keyId });
    return { status, body: body as typeof body & { next_cursor: number | null; has_more: boolean } };
  };
  const ids = async (query: string) =>
    ((await list(query)).body.data as { id: number }[]).map(({ id }) => id);

  describe('GET /v1/transactions', () => {
    it('lists deposits and withdrawals, newest first', async () => {
      const { status, body } = await list('');
      expect(status).toBe(200);
      expect(body).toMatchObject({
        success: true,
        message: 'OK',
        data_count: 7,
        next_cursor: null,
        has_more: false,
      });
      const rows = body.data as readonly unknown[];
      const wallet = (await gateway.call('/v1/hot-wallet-address?network=ETH')).body.data;
      expect(rows[0]).toEqual({
        id: 7,
        tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        direction: 'deposit',
        status: 'detected',
        currency: 'BTC',
        network: 'BTC',
        from_address: expect.stringMatching(/^bc1q/),
        to_address: depositAddress,
        amount_decimal: '7.00000000',
        confirmations: 0,
        block_number: null,
        created_at: '2027-01-15T08:00:03+00:00',
        confirmed_at: null,
      });
      expect(rows[6]).toEqual({
        id: 1,
        tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        direction: 'withdrawal',
        status: 'failed',
        currency: 'USDT',
        network: 'ETH',
        from_address: (wallet as { readonly address: string }).address,
        to_address: FAILING_ADDRESS,
        amount_decimal: '10.000000',
        confirmations: 12,
        block_number: 7_200_000_001,
        created_at: '2027-01-15T08:00:00+00:00',
        confirmed_at: null,
      });
    });

    it.each([
      ['?direction=withdrawal', [2, 1]],
      ['?direction=deposit&limit=2', [7, 6]],
      ['?direction=gas_topup', []],
      ['?currency=usdt', [2, 1]],
      ['?network=btc&status=detected&limit=1', [7]],
      ['?status=failed', [1]],
      ['?status=nonsense', []],
      ['?currency=DOGE', []],
      ['?cursor=3', [2, 1]],
      ['?cursor=1', []],
      ['?cursor=9999999999999999999&limit=1', [7]],
      ['?limit=200', [7, 6, 5, 4, 3, 2, 1]],
    ])('%s selects %j', async (query, expected) => {
      expect(await ids(query)).toEqual(expected);
    });

    it('pages through all transactions by cursor', async () => {
      const pages = [];
      for (let query = '?limit=3'; query !== ''; ) {
        const { body } = await list(query);
        pages.push({
          ids: (body.data as { id: number }[]).map(({ id }) => id),
          next: body.next_cursor,
          more: body.has_more,
        });
        query = body.has_more ? `?limit=3&cursor=${body.next_cursor}` : '';
      }
      expect(pages).toEqual([
        { ids: [7, 6, 5], next: 5, more: true },
        { ids: [4, 3, 2], next: 2, more: true },
        { ids: [1], next: null, more: false },
      ]);
      const { body } = await list('?limit=7');
      expect([body.next_cursor, body.has_more]).toEqual([null, false]);
    });

    it('is limited to the account of the key', async () => {
      expect((await list('', 'ck_demo_other')).body.data).toEqual([]);
    });

    it.each([
      ['?limit=0', 422, 'limit: Input should be greater than or equal to 1'],
      ['?limit=201', 422, 'limit: Input should be less than or equal to 200'],
      [
        '?limit=x&cursor=-1',
        422,
        'cursor: Input should be a valid integer; limit: Input should be a valid integer',
      ],
      ['?status=failed&status=failed', 422, 'status: Input should be given only once'],
    ])('rejects %s with %i %s', async (query, status, message) => {
      const response = await list(query);
      expect({ status: response.status, message: response.body.message }).toEqual({ status, message });
    });

    it('rejects an unknown direction and a key without the permission', async () => {
      expect((await list('?direction=up')).status).toBe(422);
      expect((await list('', 'ck_demo_readonly')).body.message).toBe(
        'API key lacks the required permission: list_transactions',
      );
    });

    it('each combination of filters lists what passes all of them', async () => {
      const all = (await list('')).body.data as readonly Readonly<Record<string, unknown>>[];
      const values = {
        direction: ['deposit', 'withdrawal', 'sweep'],
        currency: ['usdt', 'BTC', 'none'],
        network: ['eth', 'BTC'],
        status: ['failed', 'broadcasted', 'detected', 'none'],
      };
      const names = Object.keys(values) as (keyof typeof values)[];
      const combinations = names.reduce<Record<string, string>[]>(
        (found, name) =>
          found.flatMap((each) => [each, ...values[name].map((value) => ({ ...each, [name]: value }))]),
        [{}],
      );
      expect(combinations).toHaveLength(4 * 4 * 3 * 5);
      for (const filter of combinations) {
        const expected = all.filter((row) =>
          Object.entries(filter).every(
            ([name, value]) =>
              row[name] === (name === 'currency' || name === 'network' ? value.toUpperCase() : value),
          ),
        );
        const page = await listTransactions(gateway, 'acct_demo', {
          ...filter,
          limit: 3,
        } as TransactionFilter);
        expect([filter, page.data.map(({ id }) => id)]).toEqual([
          filter,
          expected.slice(0, 3).map(({ id }) => id),
        ]);
        expect(page.has_more).toBe(expected.length > 3);
      }
    });

    it('each combination is found by index among many transactions', async () => {
      await sql`INSERT INTO chain_transaction (account_id, direction, status, currency, network, to_address, amount,
          tx_hash, created_at)
        SELECT 'acct_demo_other', 'deposit', 'confirmed', 'USDT', 'ETH', 'address', 1, 'many-' || n, now()
        FROM generate_series(1, 20000) AS n`.execute(gateway.db);
      await sql`ANALYZE chain_transaction`.execute(gateway.db);
      const filters = [
        {},
        { status: 'failed' },
        { direction: 'deposit' },
        { currency: 'USDT', network: 'ETH' },
      ];
      for (const filter of filters) {
        for (const cursor of [undefined, '5']) {
          const query = createPageQuery('acct_demo_other', {
            ...filter,
            cursor,
            limit: 50,
          } as TransactionFilter);
          const { rows } = await gateway.db.executeQuery<{ 'QUERY PLAN': string }>(
            CompiledQuery.raw(`EXPLAIN ${query.sql}`, [...query.parameters]),
          );
          const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
          const isFiltered = Object.keys(filter).length > 0;
          expect(plan.includes('using chain_transaction_kind')).toBe(isFiltered);
          if (isFiltered) expect(plan).not.toContain('chain_transaction_account');
          expect(plan).not.toContain('Seq Scan on chain_transaction');
        }
      }
      await sql`DELETE FROM chain_transaction WHERE account_id = 'acct_demo_other'`.execute(gateway.db);
    });
  });
});
