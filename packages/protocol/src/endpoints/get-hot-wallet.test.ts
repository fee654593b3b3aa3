import { expect, it } from 'vitest';
import { getHotWallet } from './get-hot-wallet.ts';
import { validateRequest } from './validate-request.ts';

it('is GET /v1/hot-wallet-address', () => {
  expect(getHotWallet).toMatchObject({
    name: 'hotWallet.get',
    method: 'GET',
    path: '/v1/hot-wallet-address',
    permission: 'request_withdrawal_funding_address',
    body: null,
  });
});

it('reads the network as it was sent', () => {
  expect(validateRequest(getHotWallet, { pathParameters: {}, query: 'network=eth' })).toMatchObject({
    query: { network: 'eth' },
  });
});

it.each([
  ['', 'network: Field required'],
  ['network=', 'network: String should have at least 1 character'],
  ['network=ETH&network=TRX', 'network: Input should be given only once'],
])('rejects the query %j', (query, message) => {
  expect(validateRequest(getHotWallet, { pathParameters: {}, query })).toEqual({
    code: 'validation_failed',
    status: 422,
    message,
  });
});

it('reads the response of the wire protocol', () => {
  const response = { success: true, message: 'OK', data: { network: 'ETH', address: '0xabc' } };
  expect(getHotWallet.response.parse(response)).toEqual(response);
  expect(getHotWallet.response.safeParse({ ...response, data: { network: 'ETH' } }).success).toBe(false);
});
