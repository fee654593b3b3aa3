import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createSigningKey, signWebhook } from '@cpg/protocol';
import { countUploads } from '@cpg/test-support/uploads';
import express from 'express';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryInbox, type WebhookReceiverOptions, webhookReceiver } from './webhook-receiver.ts';

const SECRET = 'cpg-webhook-secret-DO-NOT-USE-IN-PRODUCTION';
const NOW = 1_747_440_000;

const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});

const listen = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/cpg`;
};

const start = async (
  options: Partial<WebhookReceiverOptions> = {},
  before: express.RequestHandler[] = [],
) => {
  const events: unknown[] = [];
  const errors: unknown[] = [];
  const app = express();
  for (const each of before) app.use(each);
  app.post(
    '/webhooks/cpg',
    webhookReceiver({
      secret: SECRET,
      now: () => NOW,
      onEvent: (event) => void events.push(event),
      ...options,
    }),
  );
  const onError: express.ErrorRequestHandler = (error, _request, response, _next) => {
    errors.push(error);
    response.status(500).end();
  };
  app.use(onError);
  return { url: await listen(app), events, errors };
};

const makeEvent = (id: number) => ({
  id,
  event: 'a.later.event',
  created_at: '2025-05-17T00:00:00Z',
  api_version: '1',
  data: {},
});

const deliver = (url: string, event: unknown, { timestamp = NOW, secret = SECRET } = {}) => {
  const body = JSON.stringify(event);
  const signed = signWebhook({ key: createSigningKey(secret), body: Buffer.from(body), timestamp });
  return fetch(url, {
    method: 'POST',
    body,
    headers: { ...signed.headers, 'Content-Type': 'application/json', 'X-CPG-Delivery': 'd-1' },
  });
};

describe('webhookReceiver', () => {
  it('calls onEvent once, however often the event is delivered', async () => {
    const deliveries: unknown[] = [];
    const { url } = await start({ onEvent: (event, delivery) => void deliveries.push([event.id, delivery]) });
    const first = await deliver(url, makeEvent(1));
    const repeat = await deliver(url, makeEvent(1), { timestamp: NOW + 60 });
    const next = await deliver(url, makeEvent(2));
    expect([first.status, repeat.status, next.status]).toEqual([200, 200, 200]);
    expect(await first.json()).toEqual({ success: true, message: 'OK', data: null });
    expect(deliveries).toEqual([
      [1, { deliveryId: 'd-1' }],
      [2, { deliveryId: 'd-1' }],
    ]);
  });

  it('responds 409 to a repeat that arrives while the event is being handled', async () => {
    let release = () => {};
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { url } = await start({
      onEvent: () => {
        begun();
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    const first = deliver(url, makeEvent(1));
    await hasBegun;
    expect((await deliver(url, makeEvent(1))).status).toBe(409);
    release();
    expect((await first).status).toBe(200);
    expect((await deliver(url, makeEvent(1))).status).toBe(200);
  });

  it('calls onEvent again after it failed', async () => {
    let calls = 0;
    const { url, errors } = await start({
      onEvent: () => {
        calls += 1;
        if (calls === 1) throw new Error('database away');
      },
    });
    expect((await deliver(url, makeEvent(1))).status).toBe(500);
    expect((await deliver(url, makeEvent(1))).status).toBe(200);
    expect(calls).toBe(2);
    expect(errors).toMatchObject([{ message: 'database away' }]);
  });

  it.each<[string, (url: string) => Promise<Response>, number, string]>([
    [
      'an old one',
      (url) => deliver(url, makeEvent(1), { timestamp: NOW - 301 }),
      401,
      'Request timestamp is outside the allowed window',
    ],
    ['a forged one', (url) => deliver(url, makeEvent(1), { secret: 'guess' }), 401, 'Invalid signature'],
    [
      'an unsigned one',
      (url) => fetch(url, { method: 'POST', body: '{}' }),
      401,
      'Missing authentication headers',
    ],
    ['one that is not an event', (url) => deliver(url, []), 422, 'body: Input should be a valid object'],
    ['one too large', (url) => deliver(url, 'x'.repeat(2 * 1024 * 1024)), 413, 'Request body is too large'],
  ])('rejects %s', async (_, send, status, message) => {
    const { url, events } = await start();
    const response = await send(url);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ success: false, message });
    expect(events).toEqual([]);
  });

  it('delivers the 413 while the sender is still sending, 60 times out of 60', async () => {
    const { url } = await start();
    const { port, pathname: target } = new URL(url);
    const delivery = { port: Number(port), target, length: 8_000_000 };
    expect(await countUploads(60, delivery)).toEqual({ 413: 60 });
    expect(await countUploads(10, { ...delivery, httpVersion: '1.0' })).toEqual({ 413: 10 });
  });

  it('closes the connection of a sender that never stops', async () => {
    const { url, events } = await start({ maxBodyBytes: 10 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    socket.write('POST /webhooks/cpg HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n');
    const piece = Buffer.alloc(1024 * 1024);
    const write = () => socket.write(piece, (error) => error ?? write());
    write();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await closed;
    expect(events).toEqual([]);
  });

  it('holds a body in chunks of one byte in few buffers', async () => {
    const { url, events } = await start();
    const event = { ...makeEvent(1), data: { note: 'x'.repeat(100_000) } };
    const body = Buffer.from(JSON.stringify(event));
    const signed = signWebhook({ key: createSigningKey(SECRET), body, timestamp: NOW });
    const head = Object.entries({ ...signed.headers, Host: 'localhost', 'Transfer-Encoding': 'chunked' });
    const { port, pathname } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    const concat = vi.spyOn(Buffer, 'concat');
    onTestFinished(() => {
      socket.destroy();
      concat.mockRestore();
    });
    socket.write(
      `POST ${pathname} HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    socket.write(`${[...body].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join('')}0\r\n\r\n`);
    const [response] = await once(socket, 'data');
    expect(String(response)).toMatch(/^HTTP\/1\.1 200 /);
    expect(events).toEqual([event]);
    expect(concat.mock.calls.length).toBeLessThan(10);
  });

  it('works behind express.raw()', async () => {
    const { url, events } = await start({}, [express.raw({ type: '*/*' })]);
    expect((await deliver(url, makeEvent(1))).status).toBe(200);
    expect(events).toHaveLength(1);
  });

  it('explains the fix when express.json() comes first', async () => {
    const { url, events, errors } = await start({}, [express.json()]);
    expect((await deliver(url, makeEvent(1))).status).toBe(500);
    expect(events).toEqual([]);
    expect(errors).toMatchObject([
      {
        code: 'invalid_configuration',
        message:
          'The webhook body was parsed before its signature could be checked. Fix: mount webhooks.receiver() before express.json(), or use express.raw({ type: "*/*" }) on its route.',
      },
    ]);
  });

  it('works without Express', async () => {
    const events: unknown[] = [];
    const receive = webhookReceiver({
      secret: SECRET,
      now: () => NOW,
      onEvent: (event) => void events.push(event),
    });
    const url = await listen((request, response) => receive(request, response, () => response.end()));
    expect((await deliver(url, makeEvent(1))).status).toBe(200);
    expect(events).toEqual([makeEvent(1)]);
  });
});

describe('memoryInbox', () => {
  it('forgets the oldest handled event when it is full', () => {
    const inbox = memoryInbox({ capacity: 2 });
    for (const id of [1, 2, 3]) {
      expect(inbox.begin(id)).toBe('new');
      inbox.finish(id);
    }
    expect([inbox.begin(3), inbox.begin(2), inbox.begin(1)]).toEqual(['done', 'done', 'new']);
    expect(inbox.begin(1)).toBe('busy');
    inbox.abandon(1);
    expect(inbox.begin(1)).toBe('new');
  });
});
