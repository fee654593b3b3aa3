import { describe, expect, it } from 'vitest';
import { createdWithdrawal, createWithdrawal, WITHDRAWAL_STATUSES } from './create-withdrawal.ts';
import { validateRequest } from './validate-request.ts';

const body = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100',
};
const data = {
  withdrawal_id: 9,
  status: 'broadcasted',
  tx_hash: '0xabc',
  network: 'ETH',
  currency: 'USDT',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount_decimal: '100.000000',
  fee_decimal: '5.000000',
};

const validate = (given: unknown) =>
  validateRequest(createWithdrawal, { pathParameters: {}, query: '', body: given });

it('is POST /v1/withdrawals', () => {
  expect(createWithdrawal).toMatchObject({
    name: 'withdrawals.create',
    method: 'POST',
    path: '/v1/withdrawals',
    permission: 'withdraw',
  });
  expect(WITHDRAWAL_STATUSES).toEqual(['pending', 'broadcasted', 'confirmed', 'failed']);
});

describe('the body', () => {
  it.each([
    [body, body],
    [
      { ...body, amount: 0.5 },
      { ...body, amount: '0.5' },
    ],
    [
      { ...body, client_reference: 'order-1' },
      { ...body, client_reference: 'order-1' },
    ],
    [
      { ...body, client_reference: null },
      { ...body, client_reference: null },
    ],
  ])('may be %j', (given, expected) => {
    expect(validate(given)).toMatchObject({ body: expected });
  });

  it.each([
    [
      {},
      'currency: Field required; network: Field required; amount: Field required; to_address: Field required',
    ],
    [
      { ...body, to_address: '0x1234567', amount: '-1' },
      'amount: Input should be greater than 0; to_address: String should have at least 10 characters',
    ],
    [{ ...body, amount: true }, 'amount: Input should be a valid string or number'],
    [{ ...body, amount: '1e2' }, 'amount: Input should be a valid decimal string'],
    [{ ...body, client_reference: '' }, 'client_reference: String should have at least 1 character'],
    [
      { ...body, client_reference: 'x'.repeat(129) },
      'client_reference: String should have at most 128 characters',
    ],
    [{ ...body, client_refrence: 'x' }, 'client_refrence: Unexpected field'],
  ])('may not be %j', (given, message) => {
    expect(validate(given)).toEqual({ code: 'validation_failed', status: 422, message });
  });
});

describe('the response', () => {
  it.each([data, { ...data, status: 'queued', later: 1 }])('may be %j', (given) => {
    const response = { success: true, message: 'OK', data: given };
    expect(createWithdrawal.response.parse(response)).toEqual(response);
  });

  it.each(Object.keys(data))('needs %s', (name) => {
    expect(createdWithdrawal.safeParse({ ...data, [name]: undefined }).success).toBe(false);
  });

  it.each(['amount_decimal', 'fee_decimal'])('rejects %s with an exponent', (name) => {
    expect(createdWithdrawal.safeParse({ ...data, [name]: '1e2' }).success).toBe(false);
  });
});
