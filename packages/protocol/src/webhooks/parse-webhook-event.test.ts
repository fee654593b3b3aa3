import { describe, expect, it } from 'vitest';
import { parseWebhookEvent } from './parse-webhook-event.ts';

const deposit = {
  id: 7,
  event: 'deposit.confirmed',
  created_at: '2025-05-17T01:20:00Z',
  api_version: '1',
  data: {
    deposit_request_id: 3,
    user_identifier: null,
    address: '0x52908400098527886E0F7030069857D2E4169EE7',
    currency: 'USDT',
    network: 'ETH',
    amount: '25.000000',
    tx_hash: '0xabc',
    confirmations: 12,
    block_number: 100,
  },
};

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('parseWebhookEvent', () => {
  it('reads a known event, unknown fields included', () => {
    const event = { ...deposit, later: 1, data: { ...deposit.data, also_later: [2] } };
    expect(parseWebhookEvent(bytesOf(event))).toEqual(event);
  });

  it.each(['deposit.refunded', 'toString', '__proto__'])('keeps the unknown event %s', (name) => {
    const event = { ...deposit, event: name, data: { anything: true } };
    expect(parseWebhookEvent(bytesOf(event))).toEqual(event);
  });

  it.each([
    ['an empty body', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('refuses %s', (_, body) => {
    expect(parseWebhookEvent(body)).toMatchObject({ code: 'malformed_json_body', status: 400 });
  });

  it.each([
    [null, 'body: Input should be a valid object'],
    [[], 'body: Input should be a valid object'],
    [{ ...deposit, id: undefined }, 'id: Field required'],
    [{ ...deposit, id: '7' }, 'id: Input should be a valid number'],
    [{ ...deposit, event: 5 }, 'event: Input should be a valid string'],
    [
      { ...deposit, data: { ...deposit.data, amount: 25, tx_hash: undefined } },
      'data.amount: Input should be a valid string; data.tx_hash: Field required',
    ],
    [
      { ...deposit, data: { ...deposit.data, amount: '2.5e1' } },
      'data.amount: Input should be a plain decimal string',
    ],
  ])('refuses %j', (event, message) => {
    expect(parseWebhookEvent(bytesOf(event))).toEqual({ code: 'validation_failed', status: 422, message });
  });

  it('refuses a body that was parsed already', () => {
    expect(() => parseWebhookEvent(deposit as never)).toThrow(
      expect.objectContaining({ code: 'invalid_body' }),
    );
  });
});
