import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { CollectionEnvelope } from '../envelope.ts';
import type { Rejection } from '../rejections.ts';
import { defineEndpoint, type ValidatedRequest } from './endpoint.ts';
import { createWithdrawal, getWithdrawal, listBalances } from './index.ts';
import type { Balance } from './list-balances.ts';
import { single } from './schemas.ts';
import { validateRequest, validateResponse } from './validate-request.ts';

const body = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100',
};

describe('validateRequest', () => {
  it.each([
    ['', {}],
    ['currency=USDT&network=ETH', { currency: 'USDT', network: 'ETH' }],
    ['currency=usdt', { currency: 'usdt' }],
    ['currency=', { currency: '' }],
    ['unknown=1&unknown=2', {}],
    ['__proto__=x&toString=y', {}],
    ['currency=%20a+b%C3%A9', { currency: ' a bé' }],
  ])('reads the query %j', (query, expected) => {
    expect(validateRequest(listBalances, { pathParameters: {}, query })).toStrictEqual({
      pathParameters: {},
      query: expected,
      body: undefined,
    });
  });

  it.each([
    ['currency=USDT&currency=USDT', 'currency: Input should be given only once'],
    [
      'network=a&network=b&currency=a&currency=b&currency=c',
      'currency: Input should be given only once; network: Input should be given only once',
    ],
    ['currency=%00', 'currency: String should be well-formed Unicode without NUL'],
    [`currency=${'a'.repeat(257)}`, 'currency: String should have at most 256 characters'],
  ])('rejects the query %j', (query, message) => {
    expect(validateRequest(listBalances, { pathParameters: {}, query })).toEqual({
      code: 'validation_failed',
      status: 422,
      message,
    });
  });

  it('reads a body, and ignores one that the endpoint does not read', () => {
    expect(validateRequest(createWithdrawal, { pathParameters: {}, query: '', body })).toMatchObject({
      body,
    });
    expect(validateRequest(listBalances, { pathParameters: {}, query: '', body: 5 })).toMatchObject({
      body: undefined,
    });
  });

  it.each([
    [undefined, 'body: Field required'],
    [null, 'body: Input should be an object'],
    [[], 'body: Input should be an object'],
    ['{}', 'body: Input should be an object'],
    [{ ...body, client_refrence: 'x' }, 'client_refrence: Unexpected field'],
    [{ ...body, client_refrence: null }, 'client_refrence: Unexpected field'],
    [
      { ...body, network: null, amount: null, to_address: 5 },
      'network: Field required; amount: Field required; to_address: Input should be a valid string',
    ],
    [JSON.parse(`{"__proto__":1,${JSON.stringify(body).slice(1)}`), '__proto__: Unexpected field'],
    [
      { ...body, amount: '0', to_address: '0x' },
      'amount: Input should be greater than 0; to_address: String should have at least 10 characters',
    ],
  ])('rejects the body %j', (given, message) => {
    expect(validateRequest(createWithdrawal, { pathParameters: {}, query: '', body: given })).toEqual({
      code: 'validation_failed',
      status: 422,
      message,
    });
  });

  it('reads null as absent, unless the schema takes it', () => {
    const endpoint = defineEndpoint({
      ...createWithdrawal,
      path: '/v1/withdrawals/notes',
      body: z.strictObject({ note: z.string().optional(), label: z.string().nullable(), tag: z.string() }),
      response: single(z.null()),
    });
    const validate = (given: unknown) =>
      validateRequest(endpoint, { pathParameters: {}, query: '', body: given });
    expect(validate({ note: null, label: null, tag: 'x' })).toMatchObject({
      body: { label: null, tag: 'x' },
    });
    expect(validate({ note: null, label: null, tag: null })).toMatchObject({
      message: 'tag: Field required',
    });
    expect(validate({ note: null, label: 1 })).toMatchObject({
      message: 'label: Input should be a valid string; tag: Field required',
    });
  });

  it('judges path parameters before the query, the query before the body', () => {
    const endpoint = defineEndpoint({
      ...createWithdrawal,
      path: '/v1/withdrawals/{id}',
      pathParameters: z.object({ id: z.string() }),
      query: z.object({ q: z.string() }),
      response: single(z.null()),
    });
    const messageFor = (pathParameters: Record<string, string>, query: string) =>
      validateRequest(endpoint, { pathParameters, query, body: {} });
    expect(messageFor({}, 'q=1&q=2')).toMatchObject({ message: 'id: Field required' });
    expect(messageFor({ id: '1' }, '')).toMatchObject({ message: 'q: Field required' });
    expect(messageFor({ id: '1' }, 'q=')).toMatchObject({
      message: expect.stringContaining('currency: Field required'),
    });
  });

  it('gives the handler the types', () => {
    const result = validateRequest(getWithdrawal, { pathParameters: { withdrawal_id: '5' }, query: '' });
    expect(result).toMatchObject({ pathParameters: { withdrawal_id: '5' } });
    expectTypeOf(result).toEqualTypeOf<ValidatedRequest<typeof getWithdrawal> | Rejection>();
  });
});

describe('validateResponse', () => {
  const row = { currency: 'USDT', network: 'ETH', balance: '3', held: '1', available: '2' };
  const envelope = { success: true, message: 'OK', data: [row], data_count: 1 };

  it('keeps fields and enum values of a later version', () => {
    const later = { ...envelope, later: 1, data: [{ ...row, later: 1 }] };
    const parsed = validateResponse(listBalances, later);
    expect(parsed).toEqual({ success: true, data: later });
    if (parsed.success) expectTypeOf(parsed.data).toEqualTypeOf<CollectionEnvelope<Balance>>();
  });

  it.each([
    [
      { ...envelope, data: [{ ...row, available: '1e2' }] },
      ['data', 0, 'available'],
      'Input should be a plain decimal string',
    ],
    [{ ...envelope, data: [{ ...row, network: undefined }] }, ['data', 0, 'network'], 'Field required'],
    [{ ...envelope, data: {} }, ['data'], 'Input should be a valid array'],
    ['OK', [], 'Input should be an object'],
  ])('says where and why: %j', (response, path, message) => {
    expect(validateResponse(listBalances, response)).toMatchObject({
      success: false,
      error: { issues: [{ path, message }] },
    });
  });
});
