import { execFile } from 'node:child_process';
import { Agent } from 'node:http';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  BALANCE,
  CREATED_WITHDRAWAL,
  catchError,
  FakeTime,
  isAuthentic,
  NOW,
  SECRET,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';
import { CLOSED_PORT, LOOPBACK } from '@cpg/test-support/ports';
import { itInCi } from '@cpg/test-support/programs';
import {
  getHeader,
  ok,
  type RawHandler,
  type RawServer,
  reject,
  respond,
} from '@cpg/test-support/raw-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CpgClient, type CpgClientOptions } from './client.ts';
import { type CpgError, OutcomeUnknownError } from './errors.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';
import { makeSignedRequest } from './testing/signed-messages.ts';

afterEach(stopAll);

const getSignatures = ({ requests }: RawServer): string[] =>
  requests.map((request) => getHeader(request, 'X-CPG-Signature'));

const failFirst =
  (times: number, fail: RawHandler, data: unknown = [BALANCE]): RawHandler =>
  (socket, request, index) =>
    index < times ? fail(socket, request, index) : ok(socket, data);

const halfAResponse: RawHandler = (socket) => {
  socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"success":tr');
};

const CLASSES: Readonly<Record<string, string>> = {
  bad_request: 'BadRequestError',
  authentication_failed: 'AuthenticationError',
  permission_denied: 'PermissionDeniedError',
  not_found: 'NotFoundError',
  conflict: 'ConflictError',
  validation_failed: 'ValidationError',
  server_error: 'ServerError',
  unexpected_status: 'UnexpectedStatusError',
};

describe('a read that fails temporarily', () => {
  it.each<[string, RawHandler]>([
    ['408', (socket) => reject(socket, [408, 'Request timeout'])],
    ['502', (socket) => respond(socket, { status: 502, body: '<html>' })],
    ['503', (socket) => reject(socket, [503, 'Service temporarily unavailable'], { 'Retry-After': '1' })],
    ['504', (socket) => reject(socket, [504, 'x'])],
    ...[520, 521, 522, 523, 524].map((status): [string, RawHandler] => [
      String(status),
      (socket) => respond(socket, { status, body: '<html>' }),
    ]),
    ['a reset connection', (socket) => socket.resetAndDestroy()],
    ['a connection closed without a response', (socket) => socket.end()],
    ['half a response', halfAResponse],
    [
      'a signature another process used first',
      (socket) => reject(socket, [401, 'Request signature has already been used']),
    ],
    ['429 for the key', (socket) => reject(socket, [429, 'Rate limit exceeded'])],
  ])('is retried after %s with a new signature', async (_, fail) => {
    const { server, client } = await startServerAndClient(failFirst(2, fail));
    const { result, response } = await client.balances.list().withResponse();
    expect(result.data).toEqual([BALANCE]);
    expect(response.attempts).toBe(3);
    expect(new Set(getSignatures(server)).size).toBe(3);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });

  it.each([
    [400, 'Malformed request target', 'bad_request'],
    [401, 'Invalid signature', 'authentication_failed'],
    [401, 'Missing authentication headers', 'authentication_failed'],
    [403, 'API key lacks the required permission: read_balance', 'permission_denied'],
    [404, 'Not found', 'not_found'],
    [405, 'Method not allowed', 'unexpected_status'],
    [409, 'client_reference was already used with different parameters', 'conflict'],
    [418, 'teapot', 'unexpected_status'],
    [422, 'currency: String should have at most 256 characters', 'validation_failed'],
    [500, 'Internal server error', 'server_error'],
    [501, 'x', 'server_error'],
    [525, 'x', 'server_error'],
  ])('is not retried after %i %s', async (status, message, code) => {
    const { server, client } = await startServerAndClient((socket) => reject(socket, [status, message]));
    await expect(client.balances.list()).rejects.toMatchObject({
      name: CLASSES[code],
      code,
      status,
      wireMessage: message,
      message: expect.stringContaining(`balances.list: ${status} ${message}`),
      attempts: 1,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [0, 1],
    [1, 2],
    [4, 5],
  ])('with maxRetries %i is sent %i times in total', async (maxRetries, sent) => {
    const { server, client } = await startServerAndClient((socket) => reject(socket, [503, 'x']));
    await expect(client.balances.list({}, { maxRetries })).rejects.toMatchObject({
      code: 'server_error',
      attempts: sent,
      retryable: true,
    });
    expect(server.requests).toHaveLength(sent);
  });

  it('follows X-Should-Retry: true and false', async () => {
    const { server, client } = await startServerAndClient((socket, _, index) =>
      index === 0
        ? reject(socket, [500, 'x'], { 'X-Should-Retry': 'true' })
        : reject(socket, [503, 'x'], { 'X-Should-Retry': 'false' }),
    );
    await expect(client.balances.list()).rejects.toMatchObject({ status: 503, attempts: 2 });
    expect(server.requests).toHaveLength(2);
  });
});

describe('waiting', () => {
  it('waits for the next epoch minute after a 429 of the key', async () => {
    const { time, client } = await startServerAndClient(
      failFirst(1, (socket) => reject(socket, [429, 'Rate limit exceeded'])),
    );
    await client.balances.list();
    const nextMinute = NOW - (NOW % 60_000) + 60_000;
    expect(time.now()).toBeGreaterThanOrEqual(nextMinute);
    expect(time.now()).toBeLessThanOrEqual(nextMinute + 1_100);
  });

  it.each([
    ['the limit of the key', {}, 35_000, 36_000],
    ['a date', { 'Retry-After': new Date(NOW + 600_000 + 9_000).toUTCString() }, 14_000, 14_000],
  ])('uses the Date of the response for %s, whatever the local time is', async (_, headers, least, most) => {
    // 9 min 55 s ahead of the local clock: 25 s of the gateway's minute have passed.
    const serverDate = new Date(NOW + 595_000).toUTCString();
    const { time, client } = await startServerAndClient(
      failFirst(1, (socket) =>
        reject(socket, [429, 'Rate limit exceeded'], { ...headers, Date: serverDate }),
      ),
    );
    await client.balances.list();
    expect(time.sleeps[0]).toBeGreaterThanOrEqual(least);
    expect(time.sleeps[0]).toBeLessThanOrEqual(most);
  });

  it.each([
    ['seconds', '7', 7_000, 7_000],
    ['zero', '0', 0, 0],
    ['an HTTP date', new Date(NOW + 9_000).toUTCString(), 9_000, 9_000],
    ['a date in the past', new Date(NOW - 9_000).toUTCString(), 0, 0],
    ['a huge number, capped', '86400', 60_000, 60_000],
    ['digits beyond all numbers, capped', '9'.repeat(400), 60_000, 60_000],
    ['a negative number: back-off', '-5', 375, 500],
    ['a fraction: back-off', '1.5', 375, 500],
    ['garbage: back-off', 'soon', 375, 500],
    ['an empty value: back-off', '', 375, 500],
  ])('reads a Retry-After of %s', async (_, value, least, most) => {
    const { time, client } = await startServerAndClient(
      failFirst(1, (socket) =>
        reject(socket, [429, 'Too many requests from this IP'], { 'Retry-After': value }),
      ),
    );
    await client.balances.list();
    const slept = time.sleeps.reduce((sum, each) => sum + each, 0);
    expect(slept).toBeGreaterThanOrEqual(least);
    expect(slept).toBeLessThanOrEqual(most);
  });

  it('backs off exponentially', async () => {
    const { time, client } = await startServerAndClient((socket) => reject(socket, [502, 'x']));
    await catchError(client.balances.list({}, { maxRetries: 6 }));
    const limits = [500, 1_000, 2_000, 4_000, 8_000, 8_000];
    expect(time.sleeps).toHaveLength(limits.length);
    for (const [index, limit] of limits.entries()) {
      expect(time.sleeps[index]).toBeGreaterThanOrEqual(limit * 0.75);
      expect(time.sleeps[index]).toBeLessThanOrEqual(limit);
    }
  });

  it('does not wait past the deadline and rejects with the error of the last attempt', async () => {
    const { time, client } = await startServerAndClient((socket) =>
      reject(socket, [429, 'Rate limit exceeded']),
    );
    await expect(client.balances.list({}, { deadlineMs: 20_000 })).rejects.toMatchObject({
      code: 'rate_limited',
      attempts: 1,
      retryable: true,
    });
    expect(time.sleeps).toEqual([]);
  });
});

describe('a withdrawal', () => {
  it.each<[string, RawHandler]>([
    ['a reset connection', (socket) => socket.resetAndDestroy()],
    ['half a response', halfAResponse],
    ['503', (socket) => reject(socket, [503, 'Service temporarily unavailable'])],
    ['429', (socket) => reject(socket, [429, 'Rate limit exceeded'])],
  ])('is retried after %s with the same bytes and reference', async (_, fail) => {
    const { server, client } = await startServerAndClient(failFirst(2, fail, CREATED_WITHDRAWAL));
    const { client_reference } = await client.withdrawals.create(WITHDRAWAL_BODY);
    expect(server.requests).toHaveLength(3);
    expect(new Set(server.requests.map(({ body }) => body.toString('hex'))).size).toBe(1);
    expect(JSON.parse(String(server.requests[2]?.body)).client_reference).toBe(client_reference);
    expect(new Set(getSignatures(server)).size).toBe(3);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });

  it.each<[string, RawHandler, string | undefined]>([
    ['a reset connection', (socket) => socket.resetAndDestroy(), 'connection_failed'],
    ['half a response', halfAResponse, 'connection_failed'],
    ['504', (socket) => respond(socket, { status: 504 }), 'server_error'],
    ['500', (socket) => reject(socket, [500, 'Internal server error']), 'server_error'],
    [
      'a success that cannot be read',
      (socket) => respond(socket, { status: 200, body: '<html>' }),
      'invalid_response',
    ],
    [
      'its own signature, which something in between sent first',
      (socket) => reject(socket, [401, 'Request signature has already been used']),
      'replayed',
    ],
  ])('without a reference is not retried after %s: the outcome is unknown', async (_, fail, cause) => {
    const { server, client } = await startServerAndClient(fail);
    const error = await catchError(client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: null }));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ code: 'outcome_unknown', retryable: false, attempts: 1 });
    expect((error as CpgError).cause).toMatchObject({ code: cause });
    expect((error as CpgError).message).toBe(
      'withdrawals.create: no usable response was received, and the call may have been executed. It had no idempotency reference: check whether it was executed before you repeat it.',
    );
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.body.toString()).not.toContain('client_reference');
  });

  it('whose responses are all lost rejects with the reference to repeat it with', async () => {
    const { client } = await startServerAndClient((socket) => socket.destroy());
    await expect(
      client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: 'order-1' }),
    ).rejects.toMatchObject({
      name: 'OutcomeUnknownError',
      idempotencyReference: 'order-1',
      attempts: 3,
      retryable: true,
    });
  });

  it('still has an unknown outcome when a lost response is followed by a rejection that decides nothing', async () => {
    const { client } = await startServerAndClient((socket, _, index) =>
      index === 0 ? socket.destroy() : reject(socket, [401, 'Invalid signature']),
    );
    await expect(client.withdrawals.create(WITHDRAWAL_BODY)).rejects.toMatchObject({
      code: 'outcome_unknown',
      status: 401,
      wireMessage: 'Invalid signature',
    });
  });

  it('has a known outcome when the business logic responds to the repeat', async () => {
    const { client } = await startServerAndClient((socket, _, index) =>
      index === 0 ? socket.destroy() : reject(socket, [400, 'Insufficient available balance']),
    );
    await expect(client.withdrawals.create(WITHDRAWAL_BODY)).rejects.toMatchObject({
      code: 'bad_request',
      rejection: 'insufficient_available_balance',
      attempts: 2,
    });
  });

  it.each<[number, string]>([
    [404, '{"success":false,"message":"Not found"}'],
    [404, '<html>no such upstream'],
    [400, '<html>bad request'],
    [409, ''],
  ])(
    'stays unknown when a %i that is not of the business logic follows a lost reply: %s',
    async (status, body) => {
      const { client } = await startServerAndClient((socket, _, index) =>
        index === 0 ? socket.destroy() : respond(socket, { status, body }),
      );
      await expect(client.withdrawals.create(WITHDRAWAL_BODY)).rejects.toMatchObject({
        code: 'outcome_unknown',
        status,
        attempts: 2,
      });
    },
  );

  // When packets get no response, the system closes the connection with the last ICMP error of a router.
  it.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])(
    'that was sent before its connection broke with %s has an unknown outcome',
    async (code) => {
      const sockets: Socket[] = [];
      const httpAgent = new Agent();
      httpAgent.createConnection = (options) => {
        const socket = connect(options as TcpNetConnectOpts);
        sockets.push(socket);
        return socket;
      };
      const { server, client } = await startServerAndClient(
        () => sockets[0]?.destroy(Object.assign(new Error(`read ${code}`), { code, syscall: 'read' })),
        { httpAgent },
      );
      await expect(
        client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: null }),
      ).rejects.toMatchObject({ code: 'outcome_unknown', attempts: 1 });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('that could not connect was not executed', async () => {
    const baseUrl = `http://${LOOPBACK}:${CLOSED_PORT}`;
    const { client } = await startServerAndClient(() => undefined, { baseUrl });
    await expect(
      client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: null }),
    ).rejects.toMatchObject({ code: 'connection_failed', attempts: 1 });
  });
});

describe('a deposit address', () => {
  it('is requested again with the idempotency key generated for the first attempt', async () => {
    const { server, client } = await startServerAndClient(
      failFirst(1, (socket) => socket.destroy(), {
        request_id: 1,
        address: '0x1',
        network: 'ETH',
        currency: 'USDT',
        contract_address: null,
        user_identifier: null,
        display_expires_at: '2025-05-17T03:00:00+00:00',
        created_at: '2025-05-17T00:00:00+00:00',
      }),
    );
    const { idempotency_key } = await client.depositAddresses.create({ currency: 'USDT', network: 'ETH' });
    const keys = server.requests.map(({ body }) => JSON.parse(String(body)).idempotency_key);
    expect(keys).toEqual([idempotency_key, idempotency_key]);
  });
});

const START_SECONDS = 1_747_440_000;

describe('identical reads of one second', () => {
  let gateway: ScriptedGateway;
  let time: FakeTime;
  const clients: CpgClient[] = [];

  beforeEach(async () => {
    time = new FakeTime(START_SECONDS * 1000);
    gateway = await ScriptedGateway.start({ now: () => START_SECONDS });
    gateway.reply('balances.list', { data: [BALANCE] });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await gateway.stop();
  });
  const makeClient = (options: Partial<CpgClientOptions> = {}): CpgClient => {
    const client = new CpgClient({ ...gateway.clientOptions, time, ...options });
    clients.push(client);
    return client;
  };
  const getTargets = (): string[] => gateway.requests.map(({ target }) => target);

  /** What another process with the same key sends. */
  const readElsewhere = async (target: string): Promise<void> => {
    const { baseUrl, ...credentials } = gateway.clientOptions;
    const { headers } = makeSignedRequest({ ...credentials, method: 'GET', target, now: START_SECONDS });
    expect((await fetch(`${baseUrl}${target}`, { headers })).status).toBe(200);
  };

  it('all succeed at once, 100 in parallel, the first of them unchanged', async () => {
    const client = makeClient();
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => client.balances.list({ currency: 'USDT' }).withResponse()),
    );
    expect(new Set(outcomes.map(({ response }) => response.attempts))).toEqual(new Set([1]));
    expect(time.sleeps).toEqual([]);
    const targets = getTargets();
    expect(new Set(targets).size).toBe(100);
    expect(targets.filter((target) => target === '/v1/balances?currency=USDT')).toHaveLength(1);
    expect(targets.filter((target) => target.startsWith('/v1/balances?currency=USDT&_='))).toHaveLength(99);
    time.advance(1_000);
    await client.balances.list({ currency: 'USDT' });
    expect(getTargets().at(-1)).toBe('/v1/balances?currency=USDT');
  });

  it('of several clients of a process know of each other', async () => {
    await Promise.all([makeClient(), makeClient(), makeClient()].map((client) => client.balances.list()));
    expect(getTargets().filter((target) => target === '/v1/balances')).toHaveLength(1);
  });

  it('of another process are repeated at once with the parameter', async () => {
    await readElsewhere('/v1/balances');
    const { response } = await makeClient().balances.list().withResponse();
    expect(response.attempts).toBe(2);
    expect(time.sleeps).toEqual([]);
    expect(getTargets()[1]).toMatch(/^\/v1\/balances\?_=[0-9a-f-]{36}$/);
  });

  it("have no parameter with uniqueReads: 'never', but later timestamps", async () => {
    await readElsewhere('/v1/balances');
    const client = makeClient({ uniqueReads: 'never', maxRetries: 20 });
    await Promise.all(Array.from({ length: 5 }, () => client.balances.list()));
    expect(new Set(getTargets())).toEqual(new Set(['/v1/balances']));
  });

  it('that something in between sends twice each fail with the code replayed', async () => {
    const { server, client } = await startServerAndClient((socket) =>
      reject(socket, [401, 'Request signature has already been used']),
    );
    await expect(client.balances.list()).rejects.toMatchObject({
      code: 'replayed',
      rejection: 'signature_already_used',
      message:
        'balances.list: 401 Request signature has already been used. Another process with this key sent the same request in the same second, or a proxy sends each request twice.',
      attempts: 3,
      retryable: true,
    });
    const targets = server.requests.map(({ target }) => target);
    expect(new Set(targets).size).toBe(3);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });

  it('are not changed by a retry of another second', async () => {
    const { server, client } = await startServerAndClient(
      failFirst(2, (socket) => reject(socket, [503, 'x'], { 'Retry-After': '1' })),
    );
    await client.balances.list();
    expect(server.requests.map(({ target }) => target)).toEqual(Array(3).fill('/v1/balances'));
  });
});

describe('twelve processes with one key', () => {
  itInCi('make one identical read a second each, and all succeed', async () => {
    const { url, stop } = await startBuiltGateway({});
    const program = join(import.meta.dirname, '../../../tooling/test-support/src/client/identical-reads.ts');
    const options = ['--conditions=@cpg/source', program, url];
    const processes = Array.from({ length: 12 }, () => promisify(execFile)(process.execPath, options));
    const results = (await Promise.all(processes)).map(({ stdout }) => JSON.parse(stdout));
    await stop();
    expect(results).toHaveLength(12);
    for (const { failures, reads } of results)
      expect({ failures, reads }).toEqual({ failures: [], reads: 5 });
    // Without a collision this test would prove nothing.
    expect(Math.max(...results.map(({ attempts }) => attempts))).toBeGreaterThan(5);
  });
});
