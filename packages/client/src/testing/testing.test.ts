import { WEBHOOK_EVENTS, type WebhookEventName } from '@cpg/protocol';
import { BALANCE, CREATED_WITHDRAWAL, isAuthentic, WITHDRAWAL_BODY } from '@cpg/test-support/client/fixtures';
import { RawServer } from '@cpg/test-support/raw-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CpgClient } from '../client.ts';
import { verifyWebhook } from '../webhooks/verify-webhook.ts';
import { ScriptedGateway } from './scripted-gateway.ts';
import { makeSignedRequest, makeWebhook } from './signed-messages.ts';

let gateway: ScriptedGateway;
let client: CpgClient;

beforeEach(async () => {
  gateway = await ScriptedGateway.start();
  client = new CpgClient(gateway.clientOptions);
});
afterEach(async () => {
  client.close();
  await gateway.stop();
});

describe('ScriptedGateway', () => {
  it('returns the scripted replies in order and repeats the last', async () => {
    gateway.reply('balances.list', { data: [] }, { data: [BALANCE] });
    expect((await client.balances.list()).data).toEqual([]);
    expect((await client.balances.list({ currency: 'USDT' })).data).toEqual([BALANCE]);
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    expect(gateway.requests[1]).toEqual({
      operation: 'balances.list',
      method: 'GET',
      target: '/v1/balances?currency=USDT',
      body: undefined,
    });
  });

  it('rejects like the real gateway', async () => {
    gateway.reply('withdrawals.create', { rejection: 'insufficient_available_balance' });
    await expect(client.withdrawals.create(WITHDRAWAL_BODY)).rejects.toMatchObject({
      rejection: 'insufficient_available_balance',
    });
    gateway.reply('withdrawals.get', { status: 418, message: 'teapot' });
    await expect(client.withdrawals.get(1)).rejects.toMatchObject({ status: 418, wireMessage: 'teapot' });
  });

  it('can lose replies, to test the retry', async () => {
    gateway.reply('withdrawals.create', { lost: true }, { data: CREATED_WITHDRAWAL });
    const { client_reference } = await client.withdrawals.create(WITHDRAWAL_BODY);
    expect(gateway.requests.map(({ body }) => body)).toEqual(
      Array(2).fill({ ...WITHDRAWAL_BODY, client_reference }),
    );
  });

  it('pages', async () => {
    gateway.reply('transactions.list', { data: [], next_cursor: 5, has_more: true }, { data: [] });
    const ends: boolean[] = [];
    for await (const { has_more } of client.transactions.list().pages()) ends.push(has_more);
    expect(ends).toEqual([true, false]);
  });

  it('checks signatures: wrong secret, replay, old timestamp, no headers', async () => {
    gateway.reply('ping', { data: { pong: true } });
    const { baseUrl, keyId, secret } = gateway.clientOptions;
    const stranger = new CpgClient({ baseUrl, keyId, secret: 'wrong' });
    await expect(stranger.ping()).rejects.toMatchObject({ rejection: 'invalid_signature' });
    stranger.close();
    const send = async ({ target, headers }: { target: string; headers: object }) => {
      const response = await fetch(baseUrl + target, { headers: { ...headers } });
      return ((await response.json()) as { message: string }).message;
    };
    const request = makeSignedRequest({ keyId, secret, method: 'get', target: '/v1/_ping' });
    expect(await send(request)).toBe('OK');
    expect(await send(request)).toBe('Request signature has already been used');
    expect(await send({ ...request, target: '/v1/_ping?x' })).toBe('Invalid signature');
    expect(await send({ ...request, headers: {} })).toBe('Missing authentication headers');
    const old = makeSignedRequest({ keyId, secret, method: 'GET', target: '/v1/_ping', now: 1_000_000 });
    expect(await send(old)).toBe('Request timestamp is outside the allowed window');
    const elsewhere = makeSignedRequest({ keyId, secret, method: 'GET', target: '/v1/elsewhere' });
    expect(await send(elsewhere)).toBe('Not found');
    expect(gateway.requests).toHaveLength(1);
  });

  it('may have a different time, which clients measure', async () => {
    const ahead = await ScriptedGateway.start({ now: () => Math.floor(Date.now() / 1000) + 900 });
    ahead.reply('ping', { data: { pong: true } });
    const late = new CpgClient(ahead.clientOptions);
    expect((await late.ping().withResponse()).response.attempts).toBe(2);
    expect(Math.abs(late.clockOffsetMs - 900_000)).toBeLessThan(20_000);
    late.close();
    await ahead.stop();
  });

  it('names an operation without a scripted reply', async () => {
    await expect(client.currencies.list()).rejects.toMatchObject({
      status: 501,
      wireMessage: 'No reply is scripted for currencies.list',
    });
  });

  it('rejects replies that the real gateway could not return', () => {
    expect(() => gateway.reply('balances.list', { data: [{ ...BALANCE, held: 1 } as never] })).toThrow(
      'balances.list cannot return this reply: data.0.held',
    );
    expect(() => gateway.reply('balances.lst' as never)).toThrow('There is no operation balances.lst.');
  });
});

describe('makeSignedRequest', () => {
  it.each([{ a: 1 }, '{"a": 1}', Buffer.from([0xff]), undefined])('signs the body %o', async (body) => {
    const server = await RawServer.start((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    );
    const credentials = { keyId: 'k', secret: 's' };
    const made = makeSignedRequest({ ...credentials, method: 'POST', target: "/v1/x?a='b'", body });
    const url = `${server.url}${made.target}`;
    await fetch(url.replaceAll("'", '%27'), {
      method: 'POST',
      headers: made.headers,
      body: made.body ?? null,
    });
    const [request] = server.requests;
    expect(request && isAuthentic({ ...request, target: made.target }, 's')).toBe(true);
    await server.stop();
  });
});

describe('makeWebhook', () => {
  it.each(Object.keys(WEBHOOK_EVENTS) as WebhookEventName[])('creates an authentic %s', (event) => {
    const { body, headers } = makeWebhook({ secret: 's', event, id: 4, data: { amount: '7.000000' } });
    expect(verifyWebhook({ secret: 's', body, headers })).toMatchObject({
      id: 4,
      event,
      data: { amount: '7.000000', currency: 'USDT' },
    });
    expect(headers).toMatchObject({ 'X-CPG-Event': event, 'X-CPG-Delivery': 'delivery-4' });
  });
});
