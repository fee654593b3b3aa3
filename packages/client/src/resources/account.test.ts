import {
  catchError,
  createTransaction,
  startServerAndClient,
  stopAll,
} from '@cpg/test-support/client/fixtures';
import { ok, type RawHandler, respond } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { CpgClient } from '../client.ts';
import { sumAvailable } from './account.ts';

afterEach(stopAll);

const currency = {
  currency: 'USDT',
  network: 'ETH',
  name: 'Tether USD',
  is_token: true,
  contract_address: '0xdac17f958d2ee523a2206206994597c13d831ec7',
  decimals: 6,
  deposit_enabled: true,
  withdrawal_enabled: true,
  min_deposit_amount: '1.000000000000000000',
  min_withdrawal_amount: '10.000000000000000000',
  withdrawal_fee_flat: '5.000000000000000000',
  withdrawal_fee_percent: '0.000000',
};

describe('reads', () => {
  it.each<[string, (client: CpgClient) => PromiseLike<{ data: unknown }>, string, unknown]>([
    ['currencies.list', (client) => client.currencies.list(), '/v1/currencies', [currency]],
    [
      'hotWallet.get',
      (client) => client.hotWallet.get({ network: 'eth' }),
      '/v1/hot-wallet-address?network=eth',
      { network: 'ETH', address: '0x1' },
    ],
    [
      'depositRequests.get',
      (client) => client.depositRequests.get(42n),
      '/v1/deposit-requests/42',
      {
        request_id: 42,
        address: '0x1',
        network: 'ETH',
        currency: 'USDT',
        user_identifier: 'user-1',
        status: 'expired',
        display_expires_at: '2025-05-17T03:00:00+00:00',
        created_at: '2025-05-17T00:00:00+00:00',
        transactions: [],
      },
    ],
  ])('%s', async (_, call, target, data) => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, data));
    expect((await call(client)).data).toEqual(data);
    expect(server.requests[0]?.requestLine).toBe(`GET ${target} HTTP/1.1`);
  });
});

/** Responds with rows 5 to 1, two per page. */
const gateway: RawHandler = (socket, { target }) => {
  const cursor = Number(new URLSearchParams(target.split('?')[1]).get('cursor') ?? 6);
  const ids = [5, 4, 3, 2, 1].filter((id) => id < cursor);
  const data = ids.slice(0, 2).map(createTransaction);
  const has_more = ids.length > 2;
  const next_cursor = has_more ? (data.at(-1)?.id ?? null) : null;
  const body = { success: true, message: 'OK', data, data_count: data.length, next_cursor, has_more };
  respond(socket, { status: 200, body });
};

describe('transactions.list', () => {
  it('returns one page when awaited', async () => {
    const { server, client } = await startServerAndClient(gateway);
    const page = await client.transactions.list({ direction: 'deposit', limit: 2 });
    expect(page.data.map(({ id }) => id)).toEqual([5, 4]);
    expect([page.has_more, page.next_cursor]).toEqual([true, 4]);
    expect(server.requests.map(({ target }) => target)).toEqual([
      '/v1/transactions?direction=deposit&limit=2',
    ]);
  });

  it('iterates over all rows and requests one page at a time', async () => {
    const { server, client } = await startServerAndClient(gateway);
    const seen: [id: number, requests: number][] = [];
    for await (const { id } of client.transactions.list({ currency: 'USDT' })) {
      seen.push([id, server.requests.length]);
    }
    expect(seen).toEqual([
      [5, 1],
      [4, 1],
      [3, 2],
      [2, 2],
      [1, 3],
    ]);
    expect(server.requests.map(({ target }) => target)).toEqual([
      '/v1/transactions?currency=USDT',
      '/v1/transactions?currency=USDT&cursor=4',
      '/v1/transactions?currency=USDT&cursor=2',
    ]);
  });

  it('iterates over pages, also from a cursor', async () => {
    const { client } = await startServerAndClient(gateway);
    const pages: number[][] = [];
    for await (const { data } of client.transactions.list({ cursor: 4 }).pages()) {
      pages.push(data.map(({ id }) => id));
    }
    expect(pages).toEqual([[3, 2], [1]]);
  });

  it('requests no more pages when the caller stops iterating', async () => {
    const { server, client } = await startServerAndClient(gateway);
    for await (const { id } of client.transactions.list()) if (id === 4) break;
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [1, [5], 1],
    [2, [5, 4], 1],
    [3, [5, 4, 3], 2],
    [50, [5, 4, 3, 2, 1], 3],
  ])('collects at most %i rows with toArray', async (limit, ids, requests) => {
    const { server, client } = await startServerAndClient(gateway);
    const rows = await client.transactions.list().toArray({ limit });
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(server.requests).toHaveLength(requests);
  });

  it('needs a limit for toArray', async () => {
    const { client } = await startServerAndClient(gateway);
    const toArray = (options: unknown) => catchError(client.transactions.list().toArray(options as never));
    expect(await toArray({})).toMatchObject({
      message: 'toArray: limit must be a whole number above 0: got undefined.',
    });
    expect(await toArray(undefined)).toMatchObject({
      message: 'toArray: options must be an object: got undefined.',
    });
  });

  it('does not loop forever when the gateway repeats its cursor', async () => {
    const { server, client } = await startServerAndClient((socket) =>
      respond(socket, {
        status: 200,
        body: {
          success: true,
          message: 'OK',
          data: [createTransaction(9)],
          data_count: 1,
          next_cursor: 9,
          has_more: true,
        },
      }),
    );
    const readAll = async () => {
      for await (const _ of client.transactions.list());
    };
    await expect(readAll()).rejects.toMatchObject({ code: 'invalid_response', path: 'next_cursor' });
    expect(server.requests).toHaveLength(2);
  });
});

const balance = (currency: string, network: string, available: string) => ({
  currency,
  network,
  available,
});
const balances = [
  balance('USDT', 'ETH', '1300.000001'),
  balance('USDT', 'TRX', '0.000002'),
  balance('BTC', 'BTC', '99999999999999999999.00000001'),
];

describe('sumAvailable', () => {
  it.each([
    [{ currency: 'USDT' }, '1300.000003'],
    [{ currency: 'usdt', network: 'trx' }, '0.000002'],
    [{ currency: 'BTC' }, '99999999999999999999.00000001'],
    [{ currency: 'ETH' }, '0'],
  ])('of %o is %s', (filter, sum) => {
    expect(sumAvailable(balances, filter).toFixed()).toBe(sum);
  });

  it('rejects an amount that is a number, which may have lost digits', () => {
    expect(() => sumAvailable([balance('A', 'B', 1 as never)], { currency: 'A' })).toThrow(
      'plain decimal string',
    );
  });
});
