import { expect, it } from 'vitest';
import { currency, listCurrencies } from './list-currencies.ts';

const row = {
  currency: 'USDT',
  network: 'ETH',
  name: 'Tether USD',
  is_token: true,
  contract_address: null,
  decimals: 6,
  deposit_enabled: true,
  withdrawal_enabled: false,
  min_deposit_amount: '1.000000000000000000',
  min_withdrawal_amount: '10.000000000000000000',
  withdrawal_fee_flat: '5.000000000000000000',
  withdrawal_fee_percent: '0.000000',
};

it('is GET /v1/currencies', () => {
  expect(listCurrencies).toMatchObject({
    name: 'currencies.list',
    method: 'GET',
    path: '/v1/currencies',
    permission: 'list_currencies',
    body: null,
  });
});

it('reads the response of the wire protocol, and fields of a later version', () => {
  const response = { success: true, message: 'OK', data: [{ ...row, logo: 'x' }], data_count: 1 };
  expect(listCurrencies.response.parse(response)).toEqual(response);
});

it.each(Object.keys(row))('needs %s', (name) => {
  expect(currency.safeParse({ ...row, [name]: undefined }).success).toBe(false);
});

it.each(['min_deposit_amount', 'min_withdrawal_amount', 'withdrawal_fee_flat', 'withdrawal_fee_percent'])(
  'rejects a number as %s',
  (name) => {
    expect(currency.safeParse({ ...row, [name]: 1 }).success).toBe(false);
  },
);
