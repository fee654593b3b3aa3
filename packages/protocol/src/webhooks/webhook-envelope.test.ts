import { expect, it } from 'vitest';
import { z } from 'zod';
import { webhookEnvelope } from './webhook-envelope.ts';

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
