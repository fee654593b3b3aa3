import { describe, expect, it } from 'vitest';
import { depositRequest, depositTransaction, getDepositRequest } from './get-deposit-request.ts';
import { validateRequest } from './validate-request.ts';

const row = {
  tx_hash: '0xabc',
  amount_decimal: '25.000000',
  confirmations: 3,
  status: 'detected',
  block_number: null,
  detected_at: '2025-05-17T01:30:00+00:00',
  confirmed_at: null,
};
const data = {
  request_id: 1,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  network: 'ETH',
  currency: 'USDT',
  user_identifier: 'user-1',
  status: 'active',
  display_expires_at: '2025-05-17T04:20:00+00:00',
  created_at: '2025-05-17T01:20:00+00:00',
  transactions: [row],
};

it('is GET /v1/deposit-requests/{request_id}', () => {
  expect(getDepositRequest).toMatchObject({
    name: 'depositRequests.get',
    method: 'GET',
    path: '/v1/deposit-requests/{request_id}',
    permission: 'read_deposit_status',
    body: null,
  });
});

it.each(['0', '01', 'abc', '10000000000000000000'])('rejects the id %s', (request_id) => {
  expect(validateRequest(getDepositRequest, { pathParameters: { request_id }, query: '' })).toEqual({
    code: 'validation_failed',
    status: 422,
    message: 'request_id: Input should be a valid integer',
  });
});

describe('the response', () => {
  it.each([
    data,
    { ...data, user_identifier: null, transactions: [] },
    { ...data, status: 'archived', transactions: [{ ...row, status: 'orphaned', later: 1 }] },
  ])('may be %j', (given) => {
    const response = { success: true, message: 'OK', data: given };
    expect(getDepositRequest.response.parse(response)).toEqual(response);
  });

  it.each(Object.keys(data))('needs %s', (name) => {
    expect(depositRequest.safeParse({ ...data, [name]: undefined }).success).toBe(false);
  });

  it.each(Object.keys(row))('needs %s in a transaction', (name) => {
    expect(depositTransaction.safeParse({ ...row, [name]: undefined }).success).toBe(false);
  });

  it.each(['amount_decimal'])('rejects %s with an exponent', (name) => {
    expect(depositTransaction.safeParse({ ...row, [name]: '1e2' }).success).toBe(false);
  });
});
