import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type CollectionEnvelope,
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  getUnlistedField,
  type SuccessEnvelope,
  successEnvelope,
} from './envelope.ts';

describe('successEnvelope', () => {
  it('wraps one thing', () => {
    expect(JSON.stringify(successEnvelope({ pong: true }))).toBe(
      '{"success":true,"message":"OK","data":{"pong":true}}',
    );
  });

  it.each([
    [[], '{"success":true,"message":"OK","data":[],"data_count":0}'],
    [['a', 'b'], '{"success":true,"message":"OK","data":["a","b"],"data_count":2}'],
  ])('counts the rows of %j', (rows, expected) => {
    expect(JSON.stringify(successEnvelope(rows))).toBe(expected);
  });

  it('keeps the type of its data', () => {
    expectTypeOf(successEnvelope('x')).toEqualTypeOf<SuccessEnvelope<string>>();
    expectTypeOf(successEnvelope(['x'])).toEqualTypeOf<CollectionEnvelope<string>>();
  });
});

describe('errorEnvelope', () => {
  it('contains the message and nothing else', () => {
    expect(errorEnvelope('Invalid signature')).toStrictEqual({
      success: false,
      message: 'Invalid signature',
    });
  });
});

describe('ENVELOPE_CONTENT_TYPE', () => {
  it('is JSON in UTF-8', () => {
    expect(ENVELOPE_CONTENT_TYPE).toBe('application/json; charset=utf-8');
  });
});

describe('getUnlistedField', () => {
  const balance = { available: '1', staked: { amount: '2' } };

  it.each([
    ['staked', { amount: '2' }],
    ['stacked', undefined],
    ['toString', undefined],
    ['__proto__', undefined],
  ])('%s is %j', (name, value) => {
    expect(getUnlistedField(balance, name)).toEqual(value);
  });

  it('has a type to check before use', () => {
    expectTypeOf(getUnlistedField(balance, 'staked')).toEqualTypeOf<unknown>();
  });
});
