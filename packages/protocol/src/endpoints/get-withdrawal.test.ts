import { describe, expect, it } from 'vitest';
import { getWithdrawal, withdrawal } from './get-withdrawal.ts';
import { validateRequest } from './validate-request.ts';

const data = {
  id: 9,
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100.000000',
  fee: '5.000000',
  status: 'pending',
  tx_hash: null,
  error_message: null,
  requested_at: '2025-05-17T01:20:00+00:00',
  broadcast_at: null,
  confirmed_at: null,
};

it('is GET /v1/withdrawals/{withdrawal_id}', () => {
  expect(getWithdrawal).toMatchObject({
    name: 'withdrawals.get',
    method: 'GET',
    path: '/v1/withdrawals/{withdrawal_id}',
    permission: 'read_withdrawal_status',
    body: null,
  });
});

it('keeps an id that is larger than a JavaScript number holds', () => {
  const pathParameters = { withdrawal_id: '9007199254740993' };
  expect(validateRequest(getWithdrawal, { pathParameters, query: '' })).toMatchObject({ pathParameters });
});

it.each(['0', '-1', '1.0', '1e3', ''])('rejects the id %j', (withdrawal_id) => {
  expect(validateRequest(getWithdrawal, { pathParameters: { withdrawal_id }, query: '' })).toEqual({
    code: 'validation_failed',
    status: 422,
    message: 'withdrawal_id: Input should be a valid integer',
  });
});

describe('the response', () => {
  it.each([data, { ...data, status: 'replaced', tx_hash: '0xabc', later: 1 }])('may be %j', (given) => {
    const response = { success: true, message: 'OK', data: given };
    expect(getWithdrawal.response.parse(response)).toEqual(response);
  });

  it.each(Object.keys(data))('needs %s', (name) => {
    expect(withdrawal.safeParse({ ...data, [name]: undefined }).success).toBe(false);
  });

  it.each(['amount', 'fee'])('rejects %s with an exponent', (name) => {
    expect(withdrawal.safeParse({ ...data, [name]: '1e2' }).success).toBe(false);
  });
});
