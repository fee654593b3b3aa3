import { describe, expect, it } from 'vitest';
import { createDepositAddress, depositAddress } from './create-deposit-address.ts';
import { validateRequest } from './validate-request.ts';

const data = {
  request_id: 1,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  network: 'ETH',
  currency: 'USDT',
  contract_address: null,
  user_identifier: null,
  display_expires_at: '2025-05-17T04:20:00+00:00',
  created_at: '2025-05-17T01:20:00+00:00',
};

const validate = (body: unknown) =>
  validateRequest(createDepositAddress, { pathParameters: {}, query: '', body });

it('is POST /v1/deposit-addresses', () => {
  expect(createDepositAddress).toMatchObject({
    name: 'depositAddresses.create',
    method: 'POST',
    path: '/v1/deposit-addresses',
    permission: 'request_deposit_address',
  });
});

describe('the body', () => {
  it.each([
    { currency: 'USDT', network: 'ETH' },
    { currency: 'USDT', network: 'ETH', user_identifier: null, idempotency_key: null },
    {
      currency: 'c'.repeat(32),
      network: 'n',
      user_identifier: 'u'.repeat(256),
      idempotency_key: 'k'.repeat(128),
    },
  ])('may be %j', (body) => {
    expect(validate(body)).toMatchObject({ body });
  });

  it.each([
    [{}, 'currency: Field required; network: Field required'],
    [
      { currency: '', network: 'n'.repeat(33) },
      'currency: String should have at least 1 character; network: String should have at most 32 characters',
    ],
    [{ currency: 'USDT', network: 'ETH', idempotency_ky: 'x' }, 'idempotency_ky: Unexpected field'],
    [
      {
        currency: 'USDT',
        network: 'ETH',
        user_identifier: 'u'.repeat(257),
        idempotency_key: 'k'.repeat(129),
      },
      'user_identifier: String should have at most 256 characters; idempotency_key: String should have at most 128 characters',
    ],
    [
      { currency: 'USDT', network: 5, user_identifier: 5 },
      'network: Input should be a valid string; user_identifier: Input should be a valid string',
    ],
  ])('may not be %j', (body, message) => {
    expect(validate(body)).toEqual({ code: 'validation_failed', status: 422, message });
  });
});

describe('the response', () => {
  it('reads the response of the wire protocol', () => {
    const response = { success: true, message: 'OK', data };
    expect(createDepositAddress.response.parse(response)).toEqual(response);
  });

  it.each(Object.keys(data))('needs %s', (name) => {
    expect(depositAddress.safeParse({ ...data, [name]: undefined }).success).toBe(false);
  });
});
