import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  isKnownWebhookEvent,
  type UnknownWebhookEvent,
  WEBHOOK_EVENTS,
  type WebhookEvent,
} from './webhook-event.ts';

describe('WEBHOOK_EVENTS', () => {
  it('holds the six events of the contract, each under its own name', () => {
    expect(Object.entries(WEBHOOK_EVENTS).map(([name, schema]) => [name, schema.shape.event.value])).toEqual([
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
