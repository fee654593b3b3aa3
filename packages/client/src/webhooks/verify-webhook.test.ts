import { runInNewContext } from 'node:vm';
import { createSigningKey, signWebhook } from '@cpg/protocol';
import { describe, expect, it } from 'vitest';
import { verifyWebhook, type WebhookToVerify } from './verify-webhook.ts';

const SECRET = 'cpg-webhook-secret-DO-NOT-USE-IN-PRODUCTION';
const NOW = 1_747_440_000;
const event = {
  id: 11,
  event: 'withdrawal.confirmed',
  created_at: '2025-05-17T00:00:00Z',
  api_version: '1',
  data: {
    withdrawal_id: 7,
    client_reference: 'order-1',
    currency: 'USDT',
    network: 'ETH',
    to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
    amount: '100.000000',
    fee: '5.000000',
    status: 'confirmed',
    tx_hash: '0xabc',
    error_message: null,
  },
};

const deliver = (value: unknown = event, secret = SECRET): WebhookToVerify => {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const { headers } = signWebhook({ key: createSigningKey(secret), body, timestamp: NOW });
  return { secret: SECRET, body, headers: { ...headers }, now: NOW };
};

describe('verifyWebhook', () => {
  it('returns the event', () => {
    expect(verifyWebhook(deliver())).toEqual(event);
  });

  it('returns events of later versions', () => {
    const later = { ...event, event: 'withdrawal.reviewed', data: { by: 'x' } };
    expect(verifyWebhook(deliver(later))).toEqual(later);
  });

  it('accepts Fetch headers, header names in any case, and the two secrets of a rotation', () => {
    const webhook = deliver();
    const headers = webhook.headers as Record<string, string>;
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    for (const change of [
      { headers: new Headers(headers) },
      { headers: upper },
      { secret: ['new-secret', SECRET] },
    ]) {
      expect(verifyWebhook({ ...webhook, ...change })).toEqual(event);
    }
  });

  it.each<[string, (bytes: Buffer) => unknown]>([
    ['a string', (bytes) => bytes.toString()],
    ['a Uint8Array', (bytes) => new Uint8Array(bytes)],
    ['an ArrayBuffer', (bytes) => new Uint8Array(bytes).buffer],
    ['a DataView', (bytes) => new DataView(new Uint8Array(bytes).buffer)],
    ['a Uint8Array of another realm', (bytes) => runInNewContext('Uint8Array.from(bytes)', { bytes })],
  ])('accepts a body that is %s', (_, convert) => {
    const named = { ...event, data: { ...event.data, client_reference: 'Zoë' } };
    const webhook = deliver(named);
    const body = convert(webhook.body as Buffer) as WebhookToVerify['body'];
    expect(verifyWebhook({ ...webhook, body })).toEqual(named);
    expect(() => verifyWebhook({ ...webhook, body: `${webhook.body} ` })).toThrow(
      expect.objectContaining({ rejection: 'invalid_signature' }),
    );
  });

  it('explains how to keep the bytes of a body that was parsed', () => {
    expect(() => verifyWebhook({ ...deliver(), body: event as never })).toThrow(
      'Webhook: body must be the received bytes or their text: got an object (Object). The signature covers the bytes, which a parsed body no longer has. Fix: verify before parsing, with await request.arrayBuffer() of a fetch Request, express.raw({ type: "*/*" }) in Express, or addContentTypeParser(…, { parseAs: "buffer" }) in Fastify.',
    );
  });

  it('uses the system clock by default', () => {
    const webhook = deliver();
    expect(() => verifyWebhook({ ...webhook, now: undefined })).toThrow('outside the allowed window');
  });

  it.each<[string, WebhookToVerify, string, number]>([
    ['a foreign secret', deliver(event, 'other'), 'invalid_signature', 401],
    ['no headers', { ...deliver(), headers: {} }, 'missing_authentication_headers', 401],
    ['no Fetch headers', { ...deliver(), headers: new Headers() }, 'missing_authentication_headers', 401],
    ['an old delivery', { ...deliver(), now: NOW + 301 }, 'timestamp_outside_window', 401],
    ['a changed body', { ...deliver(), body: Buffer.from('{}') }, 'invalid_signature', 401],
    ['no JSON', deliver('hello'), 'malformed_json_body', 400],
    ['a broken event', deliver({ ...event, data: { ...event.data, amount: 100 } }), 'validation_failed', 422],
  ])('rejects %s', (_, webhook, rejection, status) => {
    expect(() => verifyWebhook(webhook)).toThrow(
      expect.objectContaining({ name: 'WebhookError', code: 'invalid_webhook', rejection, status }),
    );
    expect(() => verifyWebhook(webhook)).not.toThrow(SECRET);
  });

  it.each([
    ['a parsed body', { ...deliver(), body: event as never }],
    ['no secret', { ...deliver(), secret: '' }],
    ['no secrets', { ...deliver(), secret: [] }],
    ['an empty one of two secrets', { ...deliver(), secret: [SECRET, ''] }],
    ['a missing one of two secrets', { ...deliver(), secret: [SECRET, undefined as never] }],
    ['no body', { ...deliver(), body: undefined as never }],
  ])('explains how to fix %s', (_, webhook) => {
    expect(() => verifyWebhook(webhook)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});
