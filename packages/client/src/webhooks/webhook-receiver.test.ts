import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createSigningKey, signWebhook } from '@cpg/protocol';
import { countUploads } from '@cpg/test-support/uploads';
import express from 'express';
import fastify from 'fastify';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryInbox, type WebhookClaim } from './inbox.ts';
import { type WebhookReceiverOptions, webhookReceiver } from './webhook-receiver.ts';

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
      [1, { deliveryId: 'd-1', claim: { eventId: 1, token: expect.any(String) }, signal: expect.anything() }],
      [2, { deliveryId: 'd-1', claim: { eventId: 2, token: expect.any(String) }, signal: expect.anything() }],
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
    const repeat = await deliver(url, makeEvent(1));
    expect(repeat.status).toBe(409);
    expect(Number(repeat.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(repeat.headers.get('retry-after'))).toBeLessThanOrEqual(30);
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
    ['one that is not an event', (url) => deliver(url, []), 422, 'body: Input should be an object'],
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
          'The webhook body was parsed before its signature could be checked. Fix: in Express, mount webhooks.receiver() before express.json(), or use express.raw({ type: "*/*" }) on its route; in Fastify, keep the bytes with addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => done(null, body)).',
      },
    ]);
  });

  it('works behind express.text(), whose text has the received bytes', async () => {
    const { url, events } = await start({}, [express.text({ type: '*/*' })]);
    const event = { ...makeEvent(1), data: { note: 'Zoë' } };
    expect((await deliver(url, event)).status).toBe(200);
    expect(events).toEqual([event]);
  });

  describe('without a framework', () => {
    it('is a listener of node:http', async () => {
      const events: unknown[] = [];
      const url = await listen(
        webhookReceiver({ secret: SECRET, now: () => NOW, onEvent: (event) => void events.push(event) }),
      );
      expect((await deliver(url, makeEvent(1))).status).toBe(200);
      expect(events).toEqual([makeEvent(1)]);
    });

    it.each<[string, unknown]>([
      ['an Error', new Error('database away')],
      ['undefined', undefined],
      ["'route'", 'route'],
    ])('responds 500 when onEvent rejects with %s, and keeps running', async (_, reason) => {
      const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      onTestFinished(() => warnings.mockRestore());
      let calls = 0;
      const onEvent = async () => {
        calls += 1;
        if (calls === 1) throw reason;
      };
      const url = await listen(webhookReceiver({ secret: SECRET, now: () => NOW, onEvent }));
      const first = await deliver(url, makeEvent(1));
      expect(first.status).toBe(500);
      expect(await first.json()).toEqual({ success: false, message: 'Internal server error' });
      expect(warnings.mock.calls).toEqual([
        [expect.stringContaining('webhooks.receiver failed: '), 'CpgHookWarning'],
      ]);
      expect((await deliver(url, makeEvent(1))).status).toBe(200);
    });
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ["'route'", 'route'],
  ])(
    'gives Express an Error when onEvent rejects with %s, so that no other route responds',
    async (_, reason) => {
      const { url, errors } = await start({ onEvent: () => Promise.reject(reason) });
      expect((await deliver(url, makeEvent(1))).status).toBe(500);
      expect(errors).toEqual([expect.objectContaining({ name: 'CallbackError', code: 'callback_failed' })]);
      expect((errors[0] as Error).cause).toBe(reason);
    },
  );

  describe('in Fastify', () => {
    const startFastify = async (options: Partial<WebhookReceiverOptions>, isRaw = true) => {
      const app = fastify();
      if (isRaw) {
        app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
          done(null, body),
        );
      }
      const errors: unknown[] = [];
      app.addHook('onError', async (_request, _reply, error) => void errors.push(error));
      const onEvent = () => undefined;
      app.post('/webhooks/cpg', webhookReceiver({ secret: SECRET, now: () => NOW, onEvent, ...options }));
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      running.push({ stop: () => app.close() });
      return { url: `${url}/webhooks/cpg`, errors };
    };

    it('handles an event once', async () => {
      const events: unknown[] = [];
      const { url } = await startFastify({ onEvent: (event) => void events.push(event) });
      const responses = [await deliver(url, makeEvent(1)), await deliver(url, makeEvent(1))];
      expect(responses.map(({ status }) => status)).toEqual([200, 200]);
      expect(responses[0]?.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(await responses[0]?.json()).toEqual({ success: true, message: 'OK', data: null });
      expect(events).toEqual([makeEvent(1)]);
      expect((await deliver(url, makeEvent(2), { secret: 'guess' })).status).toBe(401);
    });

    it.each<[string, unknown]>([
      ['an Error', new Error('database away')],
      ['a text', 'database away'],
      ['undefined', undefined],
    ])('responds 500 through the error handler when onEvent rejects with %s', async (_, reason) => {
      const { url, errors } = await startFastify({ onEvent: () => Promise.reject(reason) });
      expect((await deliver(url, makeEvent(1))).status).toBe(500);
      expect(errors).toEqual([expect.any(Error)]);
    });

    it('explains the fix when the body was parsed', async () => {
      const { url, errors } = await startFastify({}, false);
      expect((await deliver(url, makeEvent(1))).status).toBe(500);
      expect(errors).toMatchObject([
        { code: 'invalid_configuration', message: expect.stringContaining('{ parseAs: "buffer" }') },
      ]);
    });
  });

  it.each<[string, unknown[]]>([
    ['a fetch Request', [new Request('http://localhost/')]],
    ['nothing', []],
  ])('warns, and keeps running, when it is called with %s', (_, given) => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    onTestFinished(() => warnings.mockRestore());
    const receive = webhookReceiver({ secret: SECRET, onEvent: () => undefined });
    (receive as (...values: unknown[]) => void)(...given);
    expect(warnings.mock.calls).toEqual([
      [expect.stringContaining('call webhooks.verify({ secret, headers: request.headers'), 'CpgHookWarning'],
    ]);
  });

  it.each<[string, unknown, string]>([
    ['an empty secret', '', 'secret must be a non-empty string: got an empty string.'],
    ['a blank secret', ' \n', 'secret must be a non-empty string: got only white space.'],
    ['no secret', undefined, 'secret must be a non-empty string: got undefined.'],
    ['an empty one of two', ['a', ''], 'secret[1] must be a non-empty string: got an empty string.'],
    ['a missing one of two', [undefined, 'a'], 'secret[0] must be a non-empty string: got undefined.'],
    ['a line feed', 'a\n', 'secret must not contain line breaks or other control characters. Fix:'],
    ['quotation marks', ['"a"'], 'secret[0] must not be in quotation marks. Fix:'],
    ['a hole', new Array(1), 'secret[0] must be a non-empty string: got undefined.'],
    ['a list of lists', [['a']], 'secret[0] must be a non-empty string: got an array.'],
    ['an empty list', [], 'secret must be a secret or a list of at least one: got an empty list.'],
  ])('rejects %s at start', (_, secret, message) => {
    expect(() => webhookReceiver({ secret: secret as string, onEvent: () => undefined })).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'invalid_configuration',
        message: expect.stringContaining(`webhooks.receiver: ${message}`),
      }),
    );
  });

  describe('the lease', () => {
    const block = () => {
      let begun = () => {};
      let release = () => {};
      const hasBegun = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      return { begun: () => begun(), hasBegun, release: () => release(), released };
    };

    it('is renewed while onEvent is running', async () => {
      const { begun, hasBegun, release, released } = block();
      const memory = memoryInbox();
      const renew = vi.fn((claim: WebhookClaim) => memory.renew?.(claim, 60_000));
      let calls = 0;
      const onEvent = () => {
        calls += 1;
        begun();
        return released;
      };
      const { url } = await start({ inbox: { ...memory, renew }, onEvent, leaseMs: 30 });
      const first = deliver(url, makeEvent(1));
      await hasBegun;
      await expect.poll(() => renew.mock.calls.length, { timeout: 30_000 }).toBeGreaterThan(2);
      expect(renew).toHaveBeenCalledWith({ eventId: 1, token: expect.any(String) }, 30);
      expect((await deliver(url, makeEvent(1))).status).toBe(409);
      release();
      expect((await first).status).toBe(200);
      expect(calls).toBe(1);
      const renewals = renew.mock.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(renew).toHaveBeenCalledTimes(renewals);
    });

    it.each<[string, Partial<WebhookReceiverOptions>, boolean]>([
      ['maxHandlingMs', { leaseMs: 50, maxHandlingMs: 100 }, true],
      ['leaseMs, with an inbox that cannot renew it', { leaseMs: 100 }, false],
    ])('ends after %s, when the event is delivered to onEvent again', async (_, options, canRenew) => {
      const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      onTestFinished(() => warnings.mockRestore());
      const { claim, complete, release: releaseClaim, renew } = memoryInbox();
      const inbox = { claim, complete, release: releaseClaim, ...(canRenew && { renew }) };
      const { begun, hasBegun, release, released } = block();
      const signals: AbortSignal[] = [];
      const onEvent: WebhookReceiverOptions['onEvent'] = (_event, { signal }) => {
        signals.push(signal);
        if (signals.length > 1) return;
        begun();
        return released;
      };
      const { url } = await start({ inbox, onEvent, ...options } as Partial<WebhookReceiverOptions>);
      const first = deliver(url, makeEvent(1));
      await hasBegun;
      expect(signals[0]?.aborted).toBe(false);
      const deliverAgain = async () => (await deliver(url, makeEvent(1))).status;
      await expect.poll(deliverAgain, { timeout: 30_000 }).toBe(200);
      expect(signals).toHaveLength(2);
      await expect
        .poll(() => signals[0]?.reason, { timeout: 30_000 })
        .toMatchObject({
          code: 'callback_failed',
          message: expect.stringContaining('onEvent has not finished event 1 within 100 ms'),
        });
      expect(signals[1]?.aborted).toBe(false);
      release();
      expect((await first).status).toBe(200);
      expect(warnings.mock.calls).toEqual([
        [expect.stringContaining('event 1 was claimed again while onEvent was running'), 'CpgHookWarning'],
      ]);
    });

    it('is completed at the second try, when the connection was lost while onEvent was running', async () => {
      const inbox = memoryInbox();
      const complete = vi.spyOn(inbox, 'complete').mockImplementationOnce(() => {
        throw new Error('connection lost');
      });
      const { url, errors } = await start({ inbox });
      expect((await deliver(url, makeEvent(1))).status).toBe(200);
      expect(complete).toHaveBeenCalledTimes(2);
      expect(errors).toEqual([]);
    });

    it('outlives a process that ends while it handles an event, and then ends', async () => {
      // What is left of the process: its claim.
      const inbox = memoryInbox();
      const claim = { eventId: 1, token: 'of the other process' };
      inbox.claim(claim, 60_000);
      const { url, events } = await start({ inbox });
      expect((await deliver(url, makeEvent(1))).status).toBe(409);
      expect(events).toEqual([]);
      inbox.renew?.(claim, 1);
      const deliverAgain = async () => (await deliver(url, makeEvent(1))).status;
      await expect.poll(deliverAgain, { timeout: 30_000 }).toBe(200);
      expect(events).toEqual([makeEvent(1)]);
    });

    it.each([{ leaseMs: 0 }, { leaseMs: 2 ** 31 }, { maxHandlingMs: '1' }, { maxHandlingMs: Number.NaN }])(
      'rejects %j',
      (options) => {
        expect(() =>
          webhookReceiver({ secret: SECRET, onEvent: () => undefined, ...(options as object) }),
        ).toThrow(
          expect.objectContaining({
            code: 'invalid_configuration',
            message: expect.stringContaining('must be a number of milliseconds from 1 to 2147483647'),
          }),
        );
      },
    );
  });
});
