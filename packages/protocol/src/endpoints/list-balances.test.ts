import { expect, it } from 'vitest';
import { balance, listBalances } from './list-balances.ts';

const row = {
  currency: 'USDT',
  network: 'ETH',
  balance: '1500.000000',
  held: '200.000000',
  available: '1300.000000',
};

it('is GET /v1/balances', () => {
  expect(listBalances).toMatchObject({
    name: 'balances.list',
    method: 'GET',
    path: '/v1/balances',
    permission: 'read_balance',
    body: null,
  });
});

it('reads the response of the wire protocol, and fields of a later version', () => {
  const response = { success: true, message: 'OK', data: [{ ...row, pending: '1' }], data_count: 1 };
  expect(listBalances.response.parse(response)).toEqual(response);
});

it.each([...Object.keys(row)])('needs %s', (name) => {
  expect(balance.safeParse({ ...row, [name]: undefined }).success).toBe(false);
});

it.each(['balance', 'held', 'available'])('rejects %s with an exponent', (name) => {
  expect(balance.safeParse({ ...row, [name]: '1e2' }).success).toBe(false);
});

it.each([1300, '1.3e3', '1,300.00'])('rejects the amount %j', (available) => {
  expect(balance.safeParse({ ...row, available }).success).toBe(false);
});
