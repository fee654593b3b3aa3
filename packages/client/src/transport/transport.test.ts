import {
  BALANCE,
  CREDENTIALS,
  catchError,
  isAuthentic,
  SECRET,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { TRANSPORTS } from '@cpg/test-support/client/transports';
import { type CapturedRequest, getHeader, ok, respond } from '@cpg/test-support/raw-server';
import fc from 'fast-check';
import { Agent, getGlobalDispatcher, interceptors, MockAgent, setGlobalDispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { CpgClient } from '../client.ts';
import type { CpgError } from '../errors.ts';
import { fetchTransport } from './fetch-transport.ts';
import { isNormalized, type Transport, type TransportRequest, type TransportResponse } from './transport.ts';

afterEach(stopAll);

/** A withdrawal without a reference, which must not be sent twice. */
const payOut = (client: CpgClient, signal?: AbortSignal) =>
  catchError(client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: null }, { signal }));

describe.each(TRANSPORTS)('$name', ({ create }) => {
  it('keeps repeated headers of a response apart from others', async () => {
    const { client } = await startServerAndClient(
      (socket) =>
        socket.write(
          'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Request-Id: req-1\r\nContent-Length: 56\r\n\r\n{"success":true,"message":"OK","data":[],"data_count":0}',
        ),
      { transport: create() },
    );
    const { response } = await client.balances.list().withResponse();
    expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(response.requestId).toBe('req-1');
  });

  it('sends each of its headers once, with the length of the body', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, []), {
      transport: create(),
    });
    await client.balances.list({ currency: 'ü' });
    await payOut(client);
    const [read, post] = server.requests as [CapturedRequest, CapturedRequest];
    for (const name of ['Accept', 'User-Agent', 'X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature']) {
      expect([getHeader(read, name), getHeader(post, name)]).not.toContain('');
    }
    expect(getHeader(post, 'Content-Type')).toBe('application/json');
    expect(getHeader(post, 'Content-Length')).toBe(String(post.body.length));
    expect(isAuthentic(post, SECRET)).toBe(true);
  });

  it('gives up at timeoutMs and at deadlineMs, also in the middle of a body', async () => {
    const { client } = await startServerAndClient(
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"success"'),
      { transport: create(), maxRetries: 0 },
    );
    expect(await catchError(client.balances.list({}, { timeoutMs: 60 }))).toMatchObject({ code: 'timeout' });
    expect(await catchError(client.balances.list({ currency: 'A' }, { deadlineMs: 60 }))).toMatchObject({
      code: 'deadline_exceeded',
    });
  });

  it('ends on an abort in the middle of a body, and closes the connection', async () => {
    const controller = new AbortController();
    const { server, client } = await startServerAndClient(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"success"');
        setTimeout(() => controller.abort(), 50);
      },
      { transport: create() },
    );
    expect(await payOut(client, controller.signal)).toMatchObject({ code: 'outcome_unknown' });
    await expect.poll(() => server.openConnections).toBe(0);
  });

  it('sends nothing when the call was aborted before', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, []), {
      transport: create(),
    });
    expect(await payOut(client, AbortSignal.abort())).toMatchObject({ code: 'aborted' });
    expect(server.connections).toBe(0);
  });

  it.each<[string, Partial<TransportRequest>]>([
    ['whose port fetch never connects to', { url: 'http://127.0.0.1:1/v1/x' }],
    ['of another scheme', { url: 'ftp://127.0.0.1/v1/x' }],
    ['of a host without an address', { url: 'http://gateway.invalid/v1/x' }],
    ['with a method that is none', { method: 'G(T' }],
    ['with a header that cannot be sent', { headers: { 'X-Text': '\u20ac' } }],
    ['that was aborted before', { signal: AbortSignal.abort() }],
  ])('knows that a request %s was never sent', async (_, unsendable) => {
    const transport = create() as Transport;
    const url = 'http://127.0.0.1:1/v1/x';
    const request = { method: 'POST', url, headers: {}, body: new Uint8Array(1), timeoutMs: 10_000 };
    await transport.prepare?.();
    const { signal } = new AbortController();
    await expect(transport.send({ ...request, signal, ...unsendable })).rejects.toMatchObject({
      neverSent: true,
    });
    transport.close?.();
  });

  it('is lost when the response ends early or is no HTTP', async () => {
    for (const bytes of [
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"succ',
      'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    ]) {
      const { client } = await startServerAndClient((socket) => socket.end(bytes), { transport: create() });
      expect(await payOut(client)).toMatchObject({ code: 'outcome_unknown' });
    }
  });

  it('is lost when a compressed body is broken', async () => {
    const { client } = await startServerAndClient(
      (socket) => respond(socket, { status: 200, headers: { 'Content-Encoding': 'gzip' }, body: 'not gzip' }),
      { transport: create() },
    );
    expect(await payOut(client)).toMatchObject({ code: 'outcome_unknown' });
  });
});

describe('fetchTransport({ dispatcher })', () => {
  it('does not send a request that ends while it waits for a connection', async () => {
    const dispatcher = new Agent({ connections: 1 });
    const controller = new AbortController();
    const { server, client } = await startServerAndClient(() => controller.abort(), {
      transport: fetchTransport({ dispatcher }),
      maxRetries: 0,
    });
    const blocking = catchError(client.ping());
    expect(await payOut(client, controller.signal)).toMatchObject({ code: 'aborted', attempts: 1 });
    client.close();
    expect(await blocking).toMatchObject({ code: 'client_closed' });
    await dispatcher.close();
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('works with interceptors and names an unusable dispatcher', async () => {
    const dispatcher = new Agent().compose(interceptors.responseError({}));
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      transport: fetchTransport({ dispatcher }),
    });
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    await dispatcher.destroy();
    expect(await payOut(client)).toMatchObject({
      code: 'connection_failed',
      message: expect.stringContaining('UND_ERR_DESTROYED'),
    });
  });
});

describe('fetchTransport()', () => {
  it('uses the fetch that is global when the call is made, and the one given', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      transport: fetchTransport(),
    });
    const original = globalThis.fetch;
    const urls: unknown[] = [];
    const spy: typeof fetch = (url, init) => {
      urls.push(url);
      return original(url, init);
    };
    globalThis.fetch = spy;
    try {
      await client.balances.list({ currency: 'A' });
    } finally {
      globalThis.fetch = original;
    }
    const given = new CpgClient({
      ...CREDENTIALS,
      baseUrl: server.url,
      transport: fetchTransport({ fetch: spy }),
    });
    await given.balances.list({ currency: 'B' });
    expect(urls).toEqual([`${server.url}/v1/balances?currency=A`, `${server.url}/v1/balances?currency=B`]);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });

  it('follows the global dispatcher', async () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    mock
      .get('https://gateway.example.com')
      .intercept({ path: '/v1/_ping', method: 'GET' })
      .reply(200, { success: true, message: 'OK', data: { pong: true } });
    const before = getGlobalDispatcher();
    setGlobalDispatcher(mock);
    try {
      const client = new CpgClient({
        ...CREDENTIALS,
        baseUrl: 'https://gateway.example.com',
        transport: fetchTransport(),
      });
      expect((await client.ping()).data).toEqual({ pong: true });
    } finally {
      setGlobalDispatcher(before);
    }
  });

  it('says how to fix a port that fetch never connects to', async () => {
    const client = new CpgClient({
      ...CREDENTIALS,
      baseUrl: 'http://127.0.0.1:1',
      transport: fetchTransport(),
    });
    expect(await payOut(client)).toMatchObject({
      code: 'connection_failed',
      message:
        'withdrawals.create: no complete response: bad port (BAD_PORT). Fix: let the gateway listen on another port, or use axiosTransport(): fetch never connects to this one.',
    });
  });

  it('has an unknown outcome when a fetch that hides its connection fails', async () => {
    const send =
      (error: unknown): typeof fetch =>
      async () => {
        throw error;
      };
    const client = (error: unknown): CpgClient =>
      new CpgClient({
        ...CREDENTIALS,
        baseUrl: 'https://gateway.example.com',
        transport: fetchTransport({ fetch: send(error) }),
      });
    expect(await payOut(client(new TypeError('Failed to fetch')))).toMatchObject({ code: 'outcome_unknown' });
    expect(await payOut(client(Object.assign(new Error('reset'), { code: 'ECONNRESET' })))).toMatchObject({
      code: 'outcome_unknown',
    });
    expect(await payOut(client('text'))).toMatchObject({ code: 'outcome_unknown' });
    const refused = Object.assign(new Error('Unable to connect'), { code: 'ConnectionRefused' });
    expect(await payOut(client(refused))).toMatchObject({ code: 'connection_failed' });
    expect(
      await payOut(client(new TypeError('fetch failed', { cause: { code: 'ENOTFOUND', message: 'no' } }))),
    ).toMatchObject({ code: 'connection_failed', message: expect.stringContaining('no (ENOTFOUND)') });
  });
});

describe('isNormalized', () => {
  it.each(['/v1/balances', '/v1/a//b/', '/v1/x?a=1&b=%20c.d~', '/v1/a.b/c', '/v1/%41?q=*'])(
    'accepts %s',
    (target) => {
      expect(isNormalized(`https://gateway.example.com${target}`)).toBe(true);
    },
  );

  it.each(['/v1/../x', '/v1/%2e%2E/x', '/v1/.', "/v1/x?q='", '/v1/x?q=é', '/v1/x#f', '/v1/a b', '/v1/x?'])(
    'rejects %s',
    (target) => {
      expect(isNormalized(`https://gateway.example.com${target}`)).toBe(false);
    },
  );

  it('agrees with URL parsers', () => {
    const character = fc.constantFrom(...'aZ0_-/.?&=%2e~+*\'"<`{|}^@:;,!$()[]\\# é\t');
    fc.assert(
      fc.property(fc.string({ unit: character }), (rest) => {
        const url = `https://gateway.example.com/${rest}`;
        const { origin, pathname, search } = new URL(url);
        expect(isNormalized(url)).toBe(`${origin}${pathname}${search}` === url);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a transport of the caller', () => {
  const respondWith = async (body: unknown): Promise<TransportResponse> => ({
    status: 200,
    headers: {},
    body: new TextEncoder().encode(JSON.stringify(body)),
  });
  const pong = { success: true, message: 'OK', data: { pong: true } };
  const createClient = (transport: Transport, options = {}): CpgClient =>
    new CpgClient({
      ...CREDENTIALS,
      baseUrl: 'https://gateway.example.com',
      transport,
      maxRetries: 0,
      ...options,
    });

  it('gets the bytes to send, and is prepared before', async () => {
    const order: string[] = [];
    const requests: TransportRequest[] = [];
    const client = createClient({
      prepare: async () => void order.push('prepare'),
      send: (request) => {
        order.push('send');
        requests.push(request);
        return respondWith(pong);
      },
      close: () => order.push('close'),
    });
    expect((await client.ping({ timeoutMs: 5_000 })).data).toEqual({ pong: true });
    client.close();
    expect(order).toEqual(['prepare', 'send']);
    const [{ method, url, headers, body, timeoutMs } = {}] = requests;
    expect({ method, url, body, timeoutMs }).toEqual({
      method: 'GET',
      url: expect.stringMatching(/^https:\/\/gateway\.example\.com\/v1\/_ping/),
      body: undefined,
      timeoutMs: 5_000,
    });
    expect(Object.keys(headers ?? {}).sort()).toEqual([
      'Accept',
      'User-Agent',
      'X-CPG-Key',
      'X-CPG-Signature',
      'X-CPG-Timestamp',
    ]);
  });

  it.each<[string, () => Promise<TransportResponse>, string]>([
    ['fails', () => Promise.reject(new Error('lost')), 'outcome_unknown'],
    [
      'throws',
      () => {
        throw new Error('lost');
      },
      'outcome_unknown',
    ],
    ['rejects with nothing', () => Promise.reject(undefined), 'outcome_unknown'],
    [
      'never sent',
      () => Promise.reject(Object.assign(new Error('no route'), { neverSent: true })),
      'connection_failed',
    ],
    ['returns nothing', async () => undefined as never, 'outcome_unknown'],
    ['returns text', async () => ({ status: 200, headers: {}, body: 'text' as never }), 'outcome_unknown'],
    [
      'returns too much',
      async () => ({ status: 200, headers: {}, body: new Uint8Array(2 ** 24 + 1) }),
      'outcome_unknown',
    ],
  ])('that %s', async (_, send, code) => {
    expect(await payOut(createClient({ send }))).toMatchObject({ code });
  });

  it('that ignores the signal does not hold the call', async () => {
    const send = () => new Promise<never>(() => undefined);
    expect(await payOut(createClient({ send }, { timeoutMs: 20 }))).toMatchObject({
      code: 'outcome_unknown',
      cause: expect.objectContaining({ code: 'timeout' }),
    });
  });

  it.each<[string, (transport: Transport, send: Transport['send']) => Transport]>([
    ['replaces the send method of another', (transport, send) => Object.assign(transport, { send })],
    [
      'is a proxy',
      (transport, send) => new Proxy(transport, { get: (_, name) => (name === 'send' ? send : undefined) }),
    ],
    ['passes requests on', (_, send) => ({ send: (request) => send({ ...request }) })],
  ])('that %s gets every request, with a signal that is aborted', async (_, wrap) => {
    const aborted: boolean[] = [];
    const send = ({ signal }: TransportRequest) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.aborted);
          reject(signal.reason);
        });
      });
    const inner = fetchTransport({ dispatcher: new Agent() });
    const client = createClient(wrap(inner, send), { timeoutMs: 20 });
    expect(await payOut(client)).toMatchObject({ code: 'outcome_unknown' });
    expect(aborted).toEqual([true]);
  });

  it('that cannot be prepared sends nothing', async () => {
    const prepare = () => Promise.reject(new Error('no module'));
    const error = await payOut(createClient({ prepare, send: () => respondWith(pong) }));
    expect(error).toMatchObject({
      code: 'callback_failed',
      message: 'transport.prepare() failed: Error: no module',
      attempts: 0,
    });
  });

  it('whose error quotes a header does not reveal the signature', async () => {
    let signature = '';
    const client = createClient({
      send: async ({ headers }) => {
        signature = String(headers['X-CPG-Signature']);
        throw new Error(`invalid header value ${signature}`);
      },
    });
    const error = (await catchError(client.ping())) as CpgError;
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(error.message).toContain('invalid header value [redacted]');
    expect(JSON.stringify([error, error.cause, error.stack])).not.toContain(signature);
  });
});
