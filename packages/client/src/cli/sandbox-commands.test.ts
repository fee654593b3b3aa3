import { once } from 'node:events';
import { createServer } from 'node:http';
import { createTestTerminal, startCpg, type TestWorld } from '@cpg/test-support/client/cli';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { listen } from '@cpg/test-support/ports';
import { describeInCi } from '@cpg/test-support/programs';
import { RawServer, respond } from '@cpg/test-support/raw-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeWebhook } from '../testing/signed-messages.ts';
import { webhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WEBHOOK_EVENT_NAMES } from './choices.ts';
import { run } from './program.ts';

const SECRET = 'cpg-webhook-secret-DO-NOT-USE-IN-PRODUCTION';
const ENV = { XDG_CONFIG_HOME: '/nonexistent', CPG_WEBHOOK_SECRET: SECRET };

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const startRaw = async (handler: Parameters<typeof RawServer.start>[0]): Promise<RawServer> => {
  const server = await RawServer.start(handler);
  stops.push(() => server.stop());
  return server;
};

/** Starts a command that runs until it is interrupted. */
const start = (argv: readonly string[], world: TestWorld = {}) => {
  const test = createTestTerminal({ env: ENV, ...world });
  const ended = run(argv, test.terminal);
  stops.push(async () => {
    test.interrupt();
    await ended;
  });
  return { ...test, ended };
};

const listenAndForward = async (argv: readonly string[]) => {
  const listener = start(['listen', '--no-register', '--port', '0', ...argv]);
  const [, url = ''] = await listener.until(/^Listening on (http:\S+?)(?:,|$)/m);
  return { ...listener, url };
};

const send = (url: string, secret = SECRET) => {
  const { headers, body } = makeWebhook({ secret, event: 'deposit.confirmed', id: 12 });
  return fetch(url, {
    method: 'POST',
    headers: { ...headers, 'X-Extra': 'kept' },
    body: new Uint8Array(body),
  });
};

describe('cpg listen', () => {
  it('verifies, prints and forwards the same bytes and headers, and passes the response on', async () => {
    const app = await startRaw((socket) =>
      respond(socket, { status: 503, headers: { 'X-App': 'yes' }, body: { later: true } }),
    );
    const { url, printed, until } = await listenAndForward(['--forward-to', `${app.url}/hooks?a=1`]);
    const { headers, body } = makeWebhook({ secret: SECRET, event: 'deposit.confirmed', id: 12 });
    // Bytes that a JSON library would write differently.
    const sent = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'X-Extra': 'kept' },
      body: new Uint8Array(body),
    });
    expect([sent.status, sent.headers.get('x-app'), await sent.json()]).toEqual([
      503,
      'yes',
      { later: true },
    ]);
    const [forwarded] = app.requests;
    expect(forwarded?.requestLine).toBe('POST /hooks?a=1 HTTP/1.1');
    expect(forwarded?.body).toEqual(body);
    const received = Object.fromEntries(
      forwarded?.headers.map(([name, value]) => [name.toLowerCase(), value]) ?? [],
    );
    for (const [name, value] of Object.entries(headers)) expect(received[name.toLowerCase()]).toBe(value);
    expect(received).toMatchObject({ 'x-extra': 'kept', host: new URL(app.url).host });
    await until(/deposit\.confirmed 12 → 503 \(\d+ ms\)\n {2}\{"deposit_request_id":1,/);
    expect(printed().err).not.toContain(SECRET);
  });

  it('neither forwards nor accepts a webhook that is not authentic', async () => {
    const app = await startRaw((socket) => respond(socket, { status: 200 }));
    const { url, until } = await listenAndForward(['--forward-to', app.url, '--json']);
    expect((await send(url, 'another-secret')).status).toBe(401);
    expect((await fetch(url)).status).toBe(401);
    const [line] = await until(/^\{.*\}$/m);
    expect(JSON.parse(line)).toMatchObject({ event: null, status: 401, problem: 'Invalid signature' });
    expect(app.requests).toHaveLength(0);
  });

  it('responds 502 when the application is down, so that the gateway delivers again', async () => {
    const { url, until, ended, interrupt } = await listenAndForward(['--forward-to', 'http://127.0.0.1:1/']);
    expect((await send(url)).status).toBe(502);
    await until(/deposit\.confirmed 12 → 502 .*127\.0\.0\.1:1 did not respond/);
    interrupt();
    expect(await ended).toBe(0);
    await expect(send(url)).rejects.toThrow();
  });

  it.each<[readonly string[], TestWorld['env'], number, string]>([
    [['--no-register'], { ...ENV, CPG_WEBHOOK_SECRET: '' }, 2, 'set CPG_WEBHOOK_SECRET'],
    [['--port', '70000'], ENV, 2, '--port must be 0 to 65535'],
    [['--forward-to', 'localhost:3000'], ENV, 2, '--forward-to must be a URL'],
    [
      ['--port', '0', '--sandbox', 'http://127.0.0.1:1'],
      ENV,
      1,
      'There is no sandbox at http://127.0.0.1:1.',
    ],
  ])('ends with %j', async (argv, env, code, problem) => {
    const { ended, printed } = start(['listen', ...argv], { env: env ?? {} });
    expect(await ended).toBe(code);
    expect(printed().err).toContain(problem);
  });

  it('ends when its port is taken', async () => {
    const server = createServer();
    const port = await listen(server);
    const { ended, printed } = start(['listen', '--no-register', '--port', String(port)]);
    expect([await ended, printed().err]).toEqual([
      2,
      `Port ${port} cannot be used: EADDRINUSE. Fix: pass another --port.`,
    ]);
    server.close();
  });
});

describe('cpg trigger', () => {
  const startReceiver = async () => {
    const events: { readonly event: string; readonly id: number; readonly data: unknown }[] = [];
    const receive = webhookReceiver({ secret: SECRET, onEvent: (event) => void events.push(event) });
    const server = createServer((request, response) => receive(request, response, () => undefined));
    stops.push(async () => {
      server.close();
      await once(server, 'close');
    });
    return { events, url: `http://127.0.0.1:${await listen(server)}/webhooks` };
  };

  it.each(WEBHOOK_EVENT_NAMES)('sends %s', async (event) => {
    const { events, url } = await startReceiver();
    const { ended, printed } = start(['trigger', event, '--to', url]);
    expect(await ended).toBe(0);
    expect(printed().out).toMatch(new RegExp(`^${event} \\d+ → 200 \\(\\d+ ms\\)\n`));
    expect(events).toMatchObject([{ event }]);
  });

  it('sends given fields, and prints one document', async () => {
    const { events, url } = await startReceiver();
    const fields = ['--data', '{"amount":"5.000000"}', '--id', '77', '--json'];
    const { ended, printed } = start(['trigger', 'withdrawal.failed', '--to', url, ...fields]);
    expect(await ended).toBe(0);
    expect(JSON.parse(printed().out)).toMatchObject({
      ...{ success: true, data: { id: 77, event: 'withdrawal.failed', status: 200 } },
    });
    expect(events).toMatchObject([{ id: 77, data: { amount: '5.000000' } }]);
  });

  it.each<[readonly string[], TestWorld['env'], number, string]>([
    [['deposit.lost', '--to', 'http://127.0.0.1:1'], ENV, 2, 'Allowed choices are deposit.detected,'],
    [['deposit.swept', '--to', 'http://127.0.0.1:1'], ENV, 1, '127.0.0.1:1 did not respond'],
    [['deposit.swept', '--to', 'x'], ENV, 2, '--to must be a URL'],
    [['deposit.swept', '--to', 'http://127.0.0.1:1', '--data', '5'], ENV, 2, '--data must be a JSON object'],
    [['deposit.swept', '--to', 'http://127.0.0.1:1'], {}, 2, 'set CPG_WEBHOOK_SECRET'],
  ])('ends with %j', async (argv, env, code, problem) => {
    const { ended, printed } = start(['trigger', ...argv], {
      env: { XDG_CONFIG_HOME: '/nonexistent', ...env },
    });
    expect(await ended).toBe(code);
    expect(printed().err).toContain(problem);
  });

  it('is 1 unless the receiver accepts', async () => {
    const receiver = await startRaw((socket) => respond(socket, { status: 302, headers: { Location: '/' } }));
    const { ended, printed } = start(['trigger', 'deposit.swept', '--to', receiver.url]);
    expect([await ended, printed().err]).toEqual([1, 'The receiver responded 302.']);
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('cpg tail', () => {
  const REQUEST = {
    ...{ id: 6, at: '2026-01-01T00:00:01.000Z', method: 'GET', path: '/v1/_ping', status: 200 },
    ...{ outcome: 'served', key_id: 'ck_1', ms: 1.4, explanation: null },
  };
  const ATTEMPT = {
    ...{ id: 3, attempted_at: '2026-01-01T00:00:00.000Z', event: 'deposit.swept', event_id: 9 },
    ...{ url: 'http://127.0.0.1:9/', response_status: null, error: 'ECONNREFUSED', duration_ms: 2 },
  };
  const createActivity = (last_request: number, last_attempt: number, rows: object = {}) => ({
    ...{ requests: [], attempts: [], last_request, last_attempt, ...rows },
  });
  const follow = async (activities: readonly object[], argv: readonly string[] = []) => {
    const sandbox = await startRaw((socket, _request, index) => {
      if (index >= activities.length - 1) test.interrupt();
      respond(socket, { status: 200, body: { success: true, message: 'OK', data: activities[index] } });
    });
    const test = start(['tail', '--sandbox', sandbox.url, ...argv]);
    expect(await test.ended).toBe(0);
    return { out: test.printed().out, targets: sandbox.requests.map(({ target }) => target) };
  };

  it('prints what happened since, in order of time', async () => {
    const rows = { requests: [REQUEST], attempts: [ATTEMPT] };
    const { out, targets } = await follow([createActivity(5, 2), createActivity(6, 3, rows)]);
    expect(out).toBe(
      [
        '2026-01-01T00:00:00.000Z deposit.swept 9 to http://127.0.0.1:9/ → no response ECONNREFUSED (2 ms)',
        '2026-01-01T00:00:01.000Z GET /v1/_ping → 200 (ck_1, 1 ms)',
      ].join('\n'),
    );
    expect(targets).toEqual(['/_sandbox/activity', '/_sandbox/activity?after_request=5&after_attempt=2']);
  });

  it('prints a document a line, with what is remembered', async () => {
    const { out, targets } = await follow(
      [createActivity(6, 0, { requests: [REQUEST] })],
      ['--all', '--json'],
    );
    expect(JSON.parse(out)).toEqual({ type: 'request', ...REQUEST });
    expect(targets).toEqual(['/_sandbox/activity?after_request=0&after_attempt=0']);
  });

  it.each([
    ['a webhook was removed with its attempts', createActivity(5, 1), 'after_request=5&after_attempt=1'],
    ['the sandbox was restarted with its database', createActivity(1, 2), 'after_request=0&after_attempt=2'],
    ['the sandbox was restarted without it', createActivity(1, 0), 'after_request=0&after_attempt=0'],
  ])('continues when %s', async (_name, activity, query) => {
    const { out, targets } = await follow([createActivity(5, 2), activity, createActivity(9, 9)]);
    expect([out, targets.at(-1)]).toEqual(['', `/_sandbox/activity?${query}`]);
  });
});

describeInCi('with the sandbox', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startBuiltGateway({ CPG_CHAIN_SETTLE_SECONDS: '0' });
  });
  afterAll(() => gateway.stop());

  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${gateway.operationsUrl}/_sandbox${path}`, {
      ...{ method, headers: { 'Content-Type': 'application/json' } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return ((await response.json()) as { readonly data: readonly { readonly url: string }[] }).data;
  };
  const pay = () => call('POST', '/payments', { currency: 'USDT', network: 'ETH', amount: '25.5' });
  const environment = () => ({
    ...{ XDG_CONFIG_HOME: '/nonexistent', CPG_SANDBOX_URL: gateway.operationsUrl },
    ...{ CPG_BASE_URL: gateway.url, CPG_KEY_ID: 'ck_demo_full' },
    CPG_SECRET: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION',
  });

  it('listen registers itself, receives, stays registered after a reset, and unregisters at the end', async () => {
    const app = await startRaw((socket) => respond(socket, { status: 200 }));
    const argv = ['listen', '--port', '0', '--forward-to', app.url];
    const { child, until, ended } = startCpg(argv, { env: environment() });
    await until('Registered with the sandbox');
    expect(await call('GET', '/webhooks')).toHaveLength(1);
    await pay();
    await until(/deposit\.confirmed \d+ → 200 /);
    await call('POST', '/reset');
    await until('Registered again');
    child.kill('SIGTERM');
    const { code, err } = await ended;
    expect([code, err]).toEqual([0, expect.stringMatching(/\nUnregistered\.\n$/)]);
    expect(await call('GET', '/webhooks')).toHaveLength(0);
  });

  it('tail prints requests with their outcome, and deliveries', async () => {
    const receiver = await startRaw((socket) => respond(socket, { status: 200 }));
    await call('POST', '/webhooks', { url: `${receiver.url}/hooks` });
    const { child, until, ended, out } = startCpg(['tail'], { env: environment() });
    await until('Following the sandbox');
    const stranger = createTestTerminal({ env: { ...environment(), CPG_SECRET: 'wrong' } });
    await run(['ping'], stranger.terminal);
    const friend = createTestTerminal({ env: environment() });
    await run(['withdrawal', '999'], friend.terminal);
    await pay();
    await until(/GET \/v1\/_ping → 401 invalid_signature \(ck_demo_full, \d+ ms\): Key ck_demo_full: /);
    await until(/GET \/v1\/withdrawals\/999 → 404 not_found \(ck_demo_full, \d+ ms\)/);
    await until(/deposit\.confirmed \d+ to \S+\/hooks → 200 \(\d+ ms\)/);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0 });
    expect(out()).not.toMatch(/[0-9a-f]{64}/);
  });
});
