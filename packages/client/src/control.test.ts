import { Agent } from 'node:http';
import { inspect } from 'node:util';
import {
  BALANCE,
  CREDENTIALS,
  catchError,
  SECRET,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { getHeader, ok, RawServer, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RequestEvent, ResponseEvent, RetryEvent } from './call/observer.ts';
import { CpgClient } from './client.ts';

afterEach(stopAll);

describe('signal', () => {
  it('ends a call before anything is sent', async () => {
    const { server, client } = await startServerAndClient(() => undefined);
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await expect(client.balances.list({}, { signal })).rejects.toMatchObject({
      code: 'aborted',
      attempts: 0,
      cause: expect.objectContaining({ message: 'changed my mind' }),
    });
    expect(server.requests).toHaveLength(0);
  });

  it('ends an attempt in flight', async () => {
    const controller = new AbortController();
    const { server, client } = await startServerAndClient(() => controller.abort());
    await expect(client.balances.list({}, { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      attempts: 1,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('ends a withdrawal in flight with an unknown outcome', async () => {
    const controller = new AbortController();
    const { client } = await startServerAndClient(() => controller.abort());
    await expect(
      client.withdrawals.create(WITHDRAWAL_BODY, { signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'outcome_unknown', cause: expect.objectContaining({ code: 'aborted' }) });
  });

  it('ends the wait between two attempts', async () => {
    const controller = new AbortController();
    const server = await RawServer.start((socket) => reject(socket, [503, 'x'], { 'Retry-After': '3600' }));
    const client = new CpgClient({
      ...CREDENTIALS,
      baseUrl: server.url,
      onRetry: () => setImmediate(() => controller.abort()),
    });
    await expect(client.balances.list({}, { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      attempts: 1,
    });
    client.close();
    await server.stop();
  });

  it('has no listeners left after the calls', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]));
    for (let call = 0; call < 3; call += 1) await client.balances.list({}, { signal });
    expect(add.mock.calls.length).toBeGreaterThan(0);
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});

describe('timeoutMs and deadlineMs', () => {
  it('end each attempt, and a read is retried', async () => {
    const { server, client } = await startServerAndClient((socket, _, index) => {
      if (index >= 2) ok(socket, [BALANCE]);
    });
    // More retries than needed, because a slow machine may exceed the time limit with a response, too.
    const { response } = await client.balances.list({}, { timeoutMs: 100, maxRetries: 50 }).withResponse();
    expect(response.attempts).toBeGreaterThanOrEqual(3);
    expect(server.requests).toHaveLength(response.attempts);
  });

  it('also limit a body that arrives slowly', async () => {
    const { client } = await startServerAndClient((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write(' '), 5);
      socket.on('close', () => clearInterval(drip));
    });
    await expect(client.balances.list({}, { timeoutMs: 60, maxRetries: 0 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'balances.list: no response within 60 ms.',
      retryable: true,
    });
  });

  it('may exceed the longest timer of Node.js', async () => {
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]));
    const limits = { timeoutMs: 2 ** 40, deadlineMs: Number.POSITIVE_INFINITY };
    expect((await client.balances.list({}, limits)).data).toEqual([BALANCE]);
  });

  it('end the whole call', async () => {
    const { client } = await startServerAndClient(() => undefined);
    await expect(client.balances.list({}, { deadlineMs: 500 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: 'balances.list: not finished within 500 ms.',
      attempts: 1,
    });
  });
});

describe('hooks', () => {
  it('receive the events of a call, without signature and secret', async () => {
    const events: (RequestEvent | ResponseEvent | RetryEvent)[] = [];
    const record = (event: RequestEvent | ResponseEvent | RetryEvent) => void events.push(event);
    const { server, client } = await startServerAndClient(
      (socket, _, index) =>
        index === 0
          ? reject(socket, [503, 'x'], { 'Retry-After': '2', 'X-Request-Id': 'req-1' })
          : ok(socket, [BALANCE]),
      { onRequest: record, onResponse: record, onRetry: record },
    );
    await client.balances.list({ currency: 'USDT' });
    const request = {
      operation: 'balances.list',
      method: 'GET',
      url: `${server.url}/v1/balances?currency=USDT`,
      bodyBytes: 0,
    };
    expect(events).toMatchObject([
      { ...request, attempt: 1, headers: { 'X-CPG-Key': 'ck_test', 'X-CPG-Signature': '[redacted]' } },
      { operation: 'balances.list', attempt: 1, status: 503, requestId: 'req-1', durationMs: 0 },
      { operation: 'balances.list', attempt: 1, code: 'server_error', status: 503, delayMs: 2000 },
      { ...request, attempt: 2 },
      { operation: 'balances.list', attempt: 2, status: 200 },
    ]);
    const printed = inspect(events, { depth: null });
    expect(printed).not.toContain(SECRET);
    for (const sent of server.requests) expect(printed).not.toContain(getHeader(sent, 'X-CPG-Signature'));
  });

  it('do not receive a signature echoed by the server, and neither does withResponse', async () => {
    const events: ResponseEvent[] = [];
    const { server, client } = await startServerAndClient(
      (socket, request) => {
        const echo = getHeader(request, 'X-CPG-Signature');
        ok(socket, [BALANCE], { 'X-Echo': `got ${echo}`, 'Set-Cookie': `a=${echo}`, 'X-Request-Id': echo });
      },
      { onResponse: (event) => void events.push(event) },
    );
    const { response } = await client.balances.list().withResponse();
    const echo = { 'x-echo': 'got [redacted]', 'set-cookie': ['a=[redacted]'], 'x-request-id': '[redacted]' };
    expect(response).toMatchObject({ requestId: '[redacted]', headers: echo });
    expect(events).toMatchObject([{ requestId: '[redacted]', headers: echo }]);
    const printed = inspect([response, events], { depth: null });
    for (const sent of server.requests) expect(printed).not.toContain(getHeader(sent, 'X-CPG-Signature'));
  });

  it('that fail cause a warning and do not lose the response', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fail = () => {
      throw new Error('hook broke');
    };
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      onRequest: fail,
      onResponse: async () => fail(),
    });
    await client.balances.list();
    expect(warnings.mock.calls.map(([text]) => text)).toEqual([
      'The onRequest hook of CpgClient failed: Error: hook broke',
      'The onResponse hook of CpgClient failed: Error: hook broke',
    ]);
    warnings.mockRestore();
  });
});

describe('withResponse', () => {
  it('returns status, headers, request id and attempts', async () => {
    const { client } = await startServerAndClient((socket) =>
      ok(socket, [BALANCE], { 'X-Request-Id': 'req-9' }),
    );
    const { result, response } = await client.balances.list().withResponse();
    expect(result.data).toEqual([BALANCE]);
    expect(response).toMatchObject({ status: 200, requestId: 'req-9', attempts: 1 });
    expect(response.headers['x-request-id']).toBe('req-9');
  });

  it('is optional: a call is a promise', async () => {
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]));
    let finished = false;
    const call = client.balances.list().finally(() => {
      finished = true;
    });
    expect((await call).data).toEqual([BALANCE]);
    expect(finished).toBe(true);
    const failed = client.withdrawals.get('x').catch((error: unknown) => error);
    expect(await failed).toMatchObject({ code: 'invalid_request' });
    expect(Object.prototype.toString.call(call)).toBe('[object Promise]');
    const running = client.balances.list();
    expect(Object.prototype.toString.call(running)).toBe('[object CpgCall]');
    await running;
  });
});

describe('connections', () => {
  it('are kept alive: ten reads, one connection', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, []));
    for (let call = 0; call < 10; call += 1) await client.balances.list({ currency: `C${call}` });
    expect(server.connections).toBe(1);
  });

  it('are opened again after the gateway closed them between two calls', async () => {
    const { server, client } = await startServerAndClient((socket) => {
      ok(socket, [BALANCE]);
      socket.end();
    });
    for (let call = 0; call < 5; call += 1) await client.balances.list({ currency: `C${call}` });
    expect(server.connections).toBeGreaterThanOrEqual(5);
  });

  it('use a custom agent, which stays open', async () => {
    const httpAgent = new Agent({ keepAlive: true });
    const destroy = vi.spyOn(httpAgent, 'destroy');
    const { server, client } = await startServerAndClient((socket) => ok(socket, []), { httpAgent });
    await client.balances.list();
    expect(Object.keys(httpAgent.freeSockets)).toEqual([`127.0.0.1:${server.port}:`]);
    client.close();
    expect(destroy).not.toHaveBeenCalled();
    httpAgent.destroy();
  });

  it('go through a configured proxy, with the signed target', async () => {
    const proxy = await RawServer.start((socket) => ok(socket, [BALANCE]));
    const { server, client } = await startServerAndClient(() => undefined, {
      proxy: { host: '127.0.0.1', port: proxy.port, protocol: 'http' },
    });
    expect((await client.balances.list({ currency: "a'b" })).data).toEqual([BALANCE]);
    expect(proxy.requests[0]?.requestLine).toBe(`GET ${server.url}/v1/balances?currency=a%27b HTTP/1.1`);
    expect(server.requests).toHaveLength(0);
    await proxy.stop();
  });

  it('to loopback ignore the proxy of the environment', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1');
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]));
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    vi.unstubAllEnvs();
  });
});

describe('close', () => {
  it('ends the calls in flight, rejects later calls and frees the sockets', async () => {
    const { server, client } = await startServerAndClient((socket, _, index) => {
      if (index === 0) ok(socket, []);
      else setImmediate(() => client.close());
    });
    await client.balances.list();
    expect(await catchError(client.balances.list())).toMatchObject({ code: 'client_closed', attempts: 1 });
    expect(await catchError(client.ping())).toMatchObject({ code: 'client_closed', attempts: 0 });
    await expect.poll(() => server.openConnections).toBe(0);
  });
});
