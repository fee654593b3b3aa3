import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BALANCE,
  CREATED_WITHDRAWAL,
  CREDENTIALS,
  catchError,
  NOW,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { ok, RawServer, reject } from '@cpg/test-support/raw-server';
import axios from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signAxios } from './adapters/sign-axios.ts';
import { signFetch } from './adapters/sign-fetch.ts';
import { CpgClient } from './client.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';
import { makeWebhook } from './testing/signed-messages.ts';
import { memoryInbox } from './webhooks/inbox.ts';
import { type WebhookReceiverOptions, webhookReceiver } from './webhooks/webhook-receiver.ts';

/** Collects unhandled errors, which would end the process, and warnings. */
let fatal: unknown[];
let warnings: string[];
const onFatal = (error: unknown): void => void fatal.push(error);

beforeEach(() => {
  fatal = [];
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
  for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, onFatal);
});
afterEach(async () => {
  await stopAll();
  for (const stop of running.splice(0)) await stop();
  // Node.js reports unhandled rejections after the microtasks.
  await new Promise(setImmediate);
  for (const event of ['unhandledRejection', 'uncaughtException']) process.off(event, onFatal);
  vi.restoreAllMocks();
  expect(fatal).toEqual([]);
});
const running: (() => unknown)[] = [];

const throwing = (): never => {
  throw new Error('broke');
};
const unprintable = (): never => {
  throw Object.create(null);
};
/** A promise of another library. */
const thenable = (then: PropertyDescriptor): object => Object.defineProperty({}, 'then', then);

const broken: [string, () => unknown][] = [
  ['throws', throwing],
  ['rejects', async () => throwing()],
  ['throws what cannot be printed', unprintable],
  [
    'returns a thenable that rejects',
    () => thenable({ value: (_: unknown, reject: (error: unknown) => void) => reject(new Error('broke')) }),
  ],
  ['returns a thenable that throws', () => thenable({ get: throwing })],
];

describe.each(broken)('a callback that %s', (_, fail) => {
  it.each(['onRequest', 'onResponse', 'onNoResponse', 'onRetry'])(
    'as %s causes one warning, and the call continues',
    async (hook) => {
      const { client } = await startServerAndClient(
        (socket, _request, index) => {
          if (index > 0) ok(socket, [BALANCE]);
          else if (hook === 'onNoResponse') socket.destroy();
          else reject(socket, [503, 'x']);
        },
        { [hook]: fail, maxRetries: 1 },
      );
      expect((await client.balances.list()).data).toEqual([BALANCE]);
      await new Promise(setImmediate);
      const calls = ['onRetry', 'onNoResponse'].includes(hook) ? 1 : 2;
      expect(warnings).toHaveLength(calls);
      expect(warnings[0]).toMatch(`The ${hook} hook of CpgClient failed: `);
    },
  );

  it('as time.now() fails the call', async () => {
    const { server, client } = await startServerAndClient(() => undefined, {
      time: { now: fail as () => number, sleep: async () => undefined },
    });
    expect(await catchError(client.ping())).toMatchObject({ name: 'CallbackError', code: 'callback_failed' });
    expect(server.requests).toHaveLength(0);
    const credentials = {
      ...CREDENTIALS,
      baseUrl: server.url,
      time: { now: fail as () => number, sleep: async () => undefined },
    };
    const signed = [
      signFetch(fetch, credentials)('/v1/x'),
      signAxios(axios.create({ baseURL: server.url }), credentials).get('/v1/x'),
    ];
    for (const call of signed) expect(await catchError(call)).toMatchObject({ code: 'callback_failed' });
  });

  it('as time.now() after the response to a withdrawal does not lose the response', async () => {
    let hasResponded = false;
    const { client } = await startServerAndClient(
      (socket) => {
        hasResponded = true;
        ok(socket, CREATED_WITHDRAWAL);
      },
      { time: { now: () => (hasResponded ? (fail() as number) : NOW), sleep: async () => undefined } },
    );
    const { data } = await client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: null });
    expect(data).toEqual(CREATED_WITHDRAWAL);
    expect(warnings).toEqual([expect.stringContaining('time.now()')]);
  });

  it('as time.sleep() fails the call; a withdrawal has an unknown outcome', async () => {
    const { client } = await startServerAndClient((socket) => reject(socket, [503, 'x']), {
      time: { now: () => NOW, sleep: fail as () => Promise<void> },
    });
    expect(await catchError(client.ping())).toMatchObject({ code: 'callback_failed' });
    expect(await catchError(client.withdrawals.create(WITHDRAWAL_BODY))).toMatchObject({
      code: 'outcome_unknown',
      idempotencyReference: expect.any(String),
      cause: { code: 'callback_failed' },
    });
  });

  it('as fetch or adapter rejects the call', async () => {
    const credentials = { ...CREDENTIALS, baseUrl: 'http://127.0.0.1:1' };
    const instance = axios.create({ adapter: fail as never });
    for (const call of [
      () => signFetch(fail as typeof fetch, credentials)('/v1/x'),
      () => signAxios(instance, credentials).get('/v1/x'),
    ]) {
      const outcome = await Promise.resolve(call()).then(
        () => 'fulfilled',
        () => 'rejected',
      );
      expect(outcome).toBe('rejected');
    }
  });

  it('as a callback of axios rejects the call or causes a warning', async () => {
    const server = await RawServer.start((socket) => ok(socket, {}));
    running.push(() => server.stop());
    const http = signAxios(axios.create({ baseURL: server.url, proxy: false }), CREDENTIALS);
    const given = { validateStatus: fail as () => boolean, onUploadProgress: fail, onDownloadProgress: fail };
    await http.post('/v1/x', 'body', given as never).catch(() => undefined);
    const { status } = await http.post('/v1/x', 'body', { ...given, validateStatus: null } as never);
    expect(status).toBe(200);
  });

  it('as the clock of a scripted gateway causes a 500', async () => {
    const gateway = await ScriptedGateway.start({ now: fail as () => number });
    running.push(() => gateway.stop());
    const response = await fetch(`${gateway.clientOptions.baseUrl}/v1/_ping`);
    expect(response.status).toBe(500);
    expect(warnings).toHaveLength(1);
  });
});

describe('a scripted gateway', () => {
  it('keeps running when a client disconnects during its request', async () => {
    const gateway = await ScriptedGateway.start();
    running.push(() => gateway.stop());
    const { port } = new URL(gateway.clientOptions.baseUrl);
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/withdrawals',
      headers: { 'Content-Length': 100 },
    });
    request.on('error', () => undefined);
    request.write('{', () => request.destroy());
    await new Promise((resolve) => request.once('close', resolve));
    gateway.reply('ping', { data: { pong: true } });
    const client = new CpgClient(gateway.clientOptions);
    expect((await client.ping()).data).toEqual({ pong: true });
    client.close();
    expect(warnings).toEqual([]);
  });
});

describe('webhooks.receiver', () => {
  const SECRET = 'cpg-webhook-secret-DO-NOT-USE-IN-PRODUCTION';
  type Next = ((error?: unknown) => void) | undefined;

  const deliver = async (options: Partial<WebhookReceiverOptions>, makeNext?: (end: () => void) => Next) => {
    const errors: unknown[] = [];
    const receive = webhookReceiver({ secret: SECRET, onEvent: () => undefined, ...options });
    const server = createServer((request, response) => {
      const end = (): void => void response.writeHead(503).end();
      const next = (error?: unknown): void => {
        errors.push(error);
        end();
      };
      receive(
        request,
        response,
        (makeNext === undefined ? next : makeNext(end)) as (error?: unknown) => void,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    running.push(() => new Promise((resolve) => server.close(resolve)));
    const { headers, body } = makeWebhook({ secret: SECRET, event: 'deposit.confirmed' });
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { ...headers },
      body: new Uint8Array(body),
    });
    return { status: response.status, errors };
  };

  it.each(broken.slice(0, 2))('passes the error of an onEvent that %s to next, once', async (_, fail) => {
    const { status, errors } = await deliver({ onEvent: fail as () => void });
    expect([status, errors, warnings]).toEqual([503, [expect.objectContaining({ message: 'broke' })], []]);
  });

  describe.each(broken)('with a callback that %s', (_, fail) => {
    it.each(['claim', 'complete'])('as inbox.%s passes an error to next', async (name) => {
      const inbox = { ...memoryInbox(), [name]: fail };
      const { status, errors } = await deliver({ inbox });
      expect(status).toBe(503);
      expect(errors).toMatchObject([
        { code: 'callback_failed', message: expect.stringContaining(`inbox.${name}() failed`) },
      ]);
    });

    it('as inbox.release passes on the error of onEvent', async () => {
      const inbox = { ...memoryInbox(), release: fail as () => void };
      const { errors } = await deliver({ inbox, onEvent: throwing });
      expect(errors).toMatchObject([{ message: 'broke' }]);
      expect(warnings).toEqual([expect.stringContaining('inbox.release() failed')]);
    });

    it('as inbox.renew causes warnings, and the event is handled', async () => {
      let resolve = () => {};
      const renewed = new Promise<void>((resolveRenewed) => {
        resolve = resolveRenewed;
      });
      const inbox = {
        ...memoryInbox(),
        renew: () => {
          resolve();
          return fail() as undefined;
        },
      };
      const { status, errors } = await deliver({ inbox, leaseMs: 3, onEvent: () => renewed });
      expect([status, errors]).toEqual([200, []]);
      expect(warnings[0]).toContain('inbox.renew() failed');
    });

    it('as now passes an error to next', async () => {
      const { errors } = await deliver({ now: fail as () => number });
      expect(errors).toMatchObject([{ code: 'callback_failed' }]);
    });

    it('as next causes a warning', async () => {
      const next = (end: () => void) => () => {
        // Responds unless it throws synchronously.
        const result = fail();
        end();
        return result;
      };
      const { status } = await deliver({ onEvent: throwing }, next);
      expect([500, 503]).toContain(status);
      await new Promise(setImmediate);
      expect(warnings).toEqual([expect.stringContaining('next() failed')]);
    });
  });

  it('responds 500 without a next', async () => {
    const { status } = await deliver({ onEvent: throwing }, () => undefined);
    expect(status).toBe(500);
    expect(warnings).toEqual([expect.stringContaining('webhooks.receiver failed: Error: broke')]);
  });

  it('does not count an event as handled when inbox.claim returns nothing', async () => {
    const inbox = { ...memoryInbox(), claim: () => undefined as never };
    const { status, errors } = await deliver({ inbox });
    expect(status).toBe(503);
    expect(errors).toMatchObject([
      {
        message:
          'inbox.claim() must return { state: "claimed" }, { state: "handled" } or { state: "busy", leaseEndsInMs }: got undefined.',
      },
    ]);
  });
});

describe('a sleep that ignores its signal', () => {
  it('ends with the call', async () => {
    const controller = new AbortController();
    const { client } = await startServerAndClient((socket) => reject(socket, [503, 'x']), {
      time: { now: () => NOW, sleep: () => new Promise(() => undefined) },
      onRetry: () => setImmediate(() => controller.abort()),
    });
    expect(await catchError(client.ping({ signal: controller.signal }))).toMatchObject({ code: 'aborted' });
  });
});
