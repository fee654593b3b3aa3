import { describe, expect, it } from 'vitest';
import { listTransactions, transaction } from './list-transactions.ts';
import { validateRequest } from './validate-request.ts';

const row = {
  id: 12,
  tx_hash: '0xabc',
  direction: 'deposit',
  status: 'confirmed',
  currency: 'USDT',
  network: 'ETH',
  from_address: null,
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount_decimal: '25.000000',
  confirmations: 12,
  block_number: 100,
  created_at: '2025-05-17T01:30:00+00:00',
  confirmed_at: null,
};

const validate = (query: string) => validateRequest(listTransactions, { pathParameters: {}, query });

it('is GET /v1/transactions', () => {
  expect(listTransactions).toMatchObject({
    name: 'transactions.list',
    method: 'GET',
    path: '/v1/transactions',
    permission: 'list_transactions',
    body: null,
  });
});

describe('the query', () => {
  it.each([
    ['', { limit: 50 }],
    ['limit=1', { limit: 1 }],
    ['limit=200&cursor=12', { limit: 200, cursor: '12' }],
    [
      'direction=gas_topup&currency=usdt&network=eth&status=confirmed',
      { direction: 'gas_topup', currency: 'usdt', network: 'eth', status: 'confirmed', limit: 50 },
    ],
  ])('%j is read', (query, expected) => {
    expect(validate(query)).toMatchObject({ query: expected });
  });

  it.each([
    ['limit=0', 'limit: Input should be greater than or equal to 1'],
    ['limit=201', 'limit: Input should be less than or equal to 200'],
    ['limit=fifty', 'limit: Input should be a valid integer'],
    ['limit=5&limit=5', 'limit: Input should be given only once'],
    ['cursor=abc', 'cursor: Input should be a valid integer'],
    ['cursor=', 'cursor: Input should be a valid integer'],
    ['direction=Deposit', "direction: Input should be 'deposit', 'withdrawal', 'sweep' or 'gas_topup'"],
    [
      'limit=0&direction=x',
      "direction: Input should be 'deposit', 'withdrawal', 'sweep' or 'gas_topup'; limit: Input should be greater than or equal to 1",
    ],
  ])('%j is rejected', (query, message) => {
    expect(validate(query)).toEqual({ code: 'validation_failed', status: 422, message });
  });
});

describe('the response', () => {
  const response = {
    success: true,
    message: 'OK',
    data: [row],
    data_count: 1,
    next_cursor: 12,
    has_more: true,
  };

  it.each([
    response,
    { ...response, data: [], data_count: 0, next_cursor: null, has_more: false },
    { ...response, data: [{ ...row, direction: 'refund', status: 'reorged', later: 1 }] },
  ])('may be %j', (given) => {
    expect(listTransactions.response.parse(given)).toEqual(given);
  });

  it.each(Object.keys(row))('needs %s', (name) => {
    expect(transaction.safeParse({ ...row, [name]: undefined }).success).toBe(false);
  });

  it.each(['amount_decimal'])('rejects %s with an exponent', (name) => {
    expect(transaction.safeParse({ ...row, [name]: '1e2' }).success).toBe(false);
  });
});
