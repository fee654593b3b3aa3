import { afterEach, describe, expect, it } from 'vitest';
import { answer } from '../../test-support/raw-answer.ts';
import type { RawHandler } from '../../test-support/raw-server.ts';
import { startPair, stopAll } from '../../test-support/start-pair.ts';

afterEach(stopAll);

const row = (id: number) => ({
  id,
  tx_hash: `0x${id}`,
  direction: 'deposit',
  status: 'confirmed',
  currency: 'USDT',
  network: 'ETH',
  from_address: null,
  to_address: '0x1',
  amount_decimal: '1.000000',
  confirmations: 12,
  block_number: null,
  created_at: '2025-05-17T00:00:00+00:00',
  confirmed_at: null,
});

/** Rows 5 to 1, two a page. */
const gateway: RawHandler = (socket, { target }) => {
  const cursor = Number(new URLSearchParams(target.split('?')[1]).get('cursor') ?? 6);
  const ids = [5, 4, 3, 2, 1].filter((id) => id < cursor);
  const data = ids.slice(0, 2).map(row);
  const has_more = ids.length > 2;
  const next_cursor = has_more ? (data.at(-1)?.id ?? null) : null;
  const body = { success: true, message: 'OK', data, data_count: data.length, next_cursor, has_more };
  answer(socket, { status: 200, body });
};

describe('transactions.list', () => {
  it('awaited, is one page', async () => {
    const { server, client } = await startPair(gateway);
    const page = await client.transactions.list({ direction: 'deposit', limit: 2 });
    expect(page.data.map(({ id }) => id)).toEqual([5, 4]);
    expect([page.has_more, page.next_cursor]).toEqual([true, 4]);
    expect(server.requests.map(({ target }) => target)).toEqual([
      '/v1/transactions?direction=deposit&limit=2',
    ]);
  });

  it('iterated, is every row, requested a page at a time', async () => {
    const { server, client } = await startPair(gateway);
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

  it('gives pages, from a cursor on too', async () => {
    const { client } = await startPair(gateway);
    const pages: number[][] = [];
    for await (const { data } of client.transactions.list({ cursor: 4 }).pages()) {
      pages.push(data.map(({ id }) => id));
    }
    expect(pages).toEqual([[3, 2], [1]]);
  });

  it('stops asking when the caller stops reading', async () => {
    const { server, client } = await startPair(gateway);
    for await (const { id } of client.transactions.list()) if (id === 4) break;
    expect(server.requests).toHaveLength(1);
  });

  it('does not go round in circles with a gateway that repeats its cursor', async () => {
    const { server, client } = await startPair((socket) =>
      answer(socket, {
        status: 200,
        body: { success: true, message: 'OK', data: [row(9)], data_count: 1, next_cursor: 9, has_more: true },
      }),
    );
    const readAll = async () => {
      for await (const _ of client.transactions.list());
    };
    await expect(readAll()).rejects.toMatchObject({ code: 'invalid_response', path: 'next_cursor' });
    expect(server.requests).toHaveLength(2);
  });
});
