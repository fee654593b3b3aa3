import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { ObjectSchema } from '../endpoints/schema.ts';
import {
  depositConfirmed,
  depositDetected,
  depositEventData,
  depositSwept,
  isKnownWebhookEvent,
  parseWebhookEvent,
  type UnknownWebhookEvent,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  webhookEnvelope,
  withdrawalBroadcasted,
  withdrawalConfirmed,
  withdrawalEventData,
  withdrawalFailed,
} from './events.ts';

const schema = webhookEnvelope('test.event', z.string());
const event = { id: 1, event: 'test.event', created_at: '', api_version: '1', data: 'x' };

it('reads the envelope, with unknown fields and a later version', () => {
  expect(schema.parse({ ...event, api_version: '2', more: 1 })).toEqual({
    ...event,
    api_version: '2',
    more: 1,
  });
});

it.each(Object.keys(event))('needs %s', (name) => {
  expect(schema.safeParse({ ...event, [name]: undefined }).success).toBe(false);
});

describe('deposit event', () => {
  const data = {
    deposit_request_id: 3,
    user_identifier: 'user-1',
    address: '0x52908400098527886E0F7030069857D2E4169EE7',
    currency: 'USDT',
    network: 'ETH',
    amount: '25.000000',
    tx_hash: '0xabc',
    confirmations: 0,
    block_number: null,
  };

  describe('depositEventData', () => {
    it('reads the data of the wire protocol', () => {
      expect(depositEventData.parse(data)).toEqual(data);
    });

    it.each(Object.keys(data))('needs %s', (name) => {
      expect(depositEventData.safeParse({ ...data, [name]: undefined }).success).toBe(false);
    });

    it('rejects an amount with an exponent', () => {
      expect(depositEventData.safeParse({ ...data, amount: '1e2' }).success).toBe(false);
    });
  });

  it.each([
    ['deposit.detected', depositDetected],
    ['deposit.confirmed', depositConfirmed],
    ['deposit.swept', depositSwept],
  ])('%s is read by its own schema only', (name, schema) => {
    const event = { id: 1, event: name, created_at: '2025-05-17T01:20:00Z', api_version: '1', data };
    expect(schema.parse(event)).toEqual(event);
    expect(schema.safeParse({ ...event, event: 'deposit.other' }).success).toBe(false);
  });
});

describe('withdrawal event', () => {
  const data = {
    withdrawal_id: 9,
    client_reference: null,
    currency: 'USDT',
    network: 'ETH',
    to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
    amount: '100.000000',
    fee: '5.000000',
    status: 'failed',
    tx_hash: null,
    error_message: 'Rejected by the network',
  };

  describe('withdrawalEventData', () => {
    it('reads the data of the wire protocol, and a status of a later version', () => {
      expect(withdrawalEventData.parse(data)).toEqual(data);
      expect(withdrawalEventData.parse({ ...data, status: 'replaced' }).status).toBe('replaced');
    });

    it.each(Object.keys(data))('needs %s', (name) => {
      expect(withdrawalEventData.safeParse({ ...data, [name]: undefined }).success).toBe(false);
    });

    it.each(['amount', 'fee'])('rejects %s with an exponent', (name) => {
      expect(withdrawalEventData.safeParse({ ...data, [name]: '1e2' }).success).toBe(false);
    });
  });

  it.each([
    ['withdrawal.broadcasted', withdrawalBroadcasted],
    ['withdrawal.confirmed', withdrawalConfirmed],
    ['withdrawal.failed', withdrawalFailed],
  ])('%s is read by its own schema only', (name, schema) => {
    const event = { id: 1, event: name, created_at: '2025-05-17T01:20:00Z', api_version: '1', data };
    expect(schema.parse(event)).toEqual(event);
    expect(schema.safeParse({ ...event, event: 'withdrawal.other' }).success).toBe(false);
  });
});

describe('WEBHOOK_EVENTS', () => {
  it('contains the six events of the wire protocol, each under its own name', () => {
    const values = (schema: ObjectSchema) => [...(schema.shape.event?._zod.values ?? [])];
    expect(Object.entries(WEBHOOK_EVENTS).map(([name, schema]) => [name, ...values(schema)])).toEqual([
      ['deposit.detected', 'deposit.detected'],
      ['deposit.confirmed', 'deposit.confirmed'],
      ['deposit.swept', 'deposit.swept'],
      ['withdrawal.broadcasted', 'withdrawal.broadcasted'],
      ['withdrawal.confirmed', 'withdrawal.confirmed'],
      ['withdrawal.failed', 'withdrawal.failed'],
    ]);
    expect(WEBHOOK_EVENTS).toSatisfy(Object.isFrozen);
  });
});

describe('WebhookEvent', () => {
  it('is told apart by its name', () => {
    const describeEvent = (event: WebhookEvent | UnknownWebhookEvent) => {
      expectTypeOf(event.data).toEqualTypeOf<unknown>();
      if (!isKnownWebhookEvent(event)) return 'unknown';
      switch (event.event) {
        case 'deposit.confirmed':
          expectTypeOf(event.data.amount).toEqualTypeOf<string>();
          return 'deposit';
        case 'withdrawal.failed':
          expectTypeOf(event.data.error_message).toEqualTypeOf<string | null>();
          return 'withdrawal';
        case 'deposit.detected':
        case 'deposit.swept':
        case 'withdrawal.broadcasted':
        case 'withdrawal.confirmed':
          return 'other';
        default:
          return event satisfies never;
      }
    };
    const event = { id: 1, created_at: '', api_version: '1', data: {} };
    expect(describeEvent({ ...event, event: 'deposit.confirmed' } as never)).toBe('deposit');
    expect(describeEvent({ ...event, event: 'withdrawal.failed' } as never)).toBe('withdrawal');
    expect(describeEvent({ ...event, event: 'deposit.refunded' } as never)).toBe('unknown');
  });
});

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

const toBytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('parseWebhookEvent', () => {
  it('reads a known event, unknown fields included', () => {
    const event = { ...deposit, later: 1, data: { ...deposit.data, also_later: [2] } };
    expect(parseWebhookEvent(toBytes(event))).toEqual(event);
  });

  it.each(['deposit.refunded', 'toString', '__proto__'])('keeps the unknown event %s', (name) => {
    const event = { ...deposit, event: name, data: { anything: true } };
    expect(parseWebhookEvent(toBytes(event))).toEqual(event);
  });

  it.each([
    ['an empty body', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('rejects %s', (_, body) => {
    expect(parseWebhookEvent(body)).toMatchObject({ code: 'malformed_json_body', status: 400 });
  });

  it.each([
    [null, 'body: Input should be an object'],
    [[], 'body: Input should be an object'],
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
  ])('rejects %j', (event, message) => {
    expect(parseWebhookEvent(toBytes(event))).toEqual({ code: 'validation_failed', status: 422, message });
  });

  it('rejects a body that was parsed already', () => {
    expect(() => parseWebhookEvent(deposit as never)).toThrow(
      expect.objectContaining({ code: 'invalid_body' }),
    );
  });
});
