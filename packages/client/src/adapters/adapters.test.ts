import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { CREDENTIALS, FakeTime, isAuthentic, SECRET } from '@cpg/test-support/client/fixtures';
import {
  type CapturedRequest,
  getHeader,
  ok,
  type RawHandler,
  RawServer,
  reject,
  respond,
} from '@cpg/test-support/raw-server';
import axios, { type AxiosInstance } from 'axios';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWireMessage } from '../errors.ts';
import { ScriptedGateway } from '../testing/scripted-gateway.ts';
import { makeSignedRequest } from '../testing/signed-messages.ts';
import type { SigningCredentials } from './adapter-signer.ts';
import { signAxios } from './sign-axios.ts';
import { signFetch } from './sign-fetch.ts';

let server: RawServer;
let handler: RawHandler;

beforeEach(async () => {
  handler = (socket) => ok(socket, { pong: true });
  server = await RawServer.start((socket, request, index) => handler(socket, request, index));
});
afterEach(() => server.stop());

const credentials = () => ({ ...CREDENTIALS, baseUrl: server.url });
const makeAxios = (): AxiosInstance =>
  signAxios(axios.create({ baseURL: server.url, proxy: false }), CREDENTIALS);
const makeFetch = () => signFetch(fetch, credentials());

const lastRequest = (): CapturedRequest => {
  const request = server.requests.at(-1);
  if (request === undefined) throw new Error('nothing captured');
  return request;
};

/** Both adapters with the same request. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array | undefined;
}
const clients: [string, (sent: Sent) => Promise<{ readonly status: number }>][] = [
  [
    'signAxios',
    ({ method, path, body }) =>
      makeAxios().request({
        method,
        url: path,
        data: body,
        validateStatus: null,
        headers: { 'Content-Type': 'application/json' },
      }),
  ],
  ['signFetch', ({ method, path, body }) => makeFetch()(path, { method, body: body as string })],
];

describe.each(clients)('%s', (_, send) => {
  it.each([
    '/v1/_ping',
    '/v1/a?',
    '/v1/a/../b',
    '/v1/a/%2e%2e/b',
    '/v1/a%2fb',
    '/v1/%7Euser',
    '/v1/a?q=[1]|^\'"<>',
    '/v1/é?q=é',
    '/v1/p\\q?r=\\',
    '/v1/a?q=a b',
    '/v1/a#fragment',
    '/v1/a?b=2&a=1&a=1&&',
    '/v1/a+b//c;x=1?y=1?z',
    '/v1/{a}',
  ])('signs the sent bytes for %s', async (path) => {
    await send({ method: 'GET', path });
    expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
  });

  it.each<[string, string | Uint8Array]>([
    ['outer white space', '  {"a": 1}  '],
    ['text that is not JSON', 'not json'],
    ['a byte order mark', '\uFEFF{}'],
    ['CRLF', '{\r\n}'],
    ['bytes', Buffer.from([0xff, 0x00, 0x0a, 0x7b])],
    ['a slice of a larger buffer', Buffer.from('0123456789').subarray(4, 6)],
    ['a view into a larger array', Uint8Array.from([1, 2, 3, 4, 5, 6]).subarray(4)],
    ['nothing', ''],
  ])('signs the sent bytes for a body of %s', async (_name, body) => {
    await send({ method: 'POST', path: '/v1/withdrawals', body });
    expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
  });

  it('signs the sent bytes for any query and body', async () => {
    const anything = fc.record({
      path: fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/v1/x?q=${text.toWellFormed()}`),
      body: fc.string({ unit: 'binary', maxLength: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(anything, async ({ path, body }) => {
        await send({ method: 'POST', path, body });
        expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    const other = await RawServer.start((socket) => ok(socket, {}));
    handler = (socket) => respond(socket, { status, headers: { Location: `${other.url}/v1/x` } });
    expect((await send({ method: 'POST', path: '/v1/x', body: '{}' })).status).toBe(status);
    expect(other.connections).toBe(0);
    await other.stop();
  });

  it('rejects another origin', async () => {
    const other = await RawServer.start((socket) => ok(socket, {}));
    await expect(send({ method: 'GET', path: `${other.url}/v1/_ping` })).rejects.toMatchObject({
      code: 'invalid_request',
      message: `Only requests to ${server.url} can be signed: got ${other.url}.`,
    });
    await expect(send({ method: 'GET', path: `//127.0.0.1:${other.port}/v1/_ping` })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(other.connections).toBe(0);
    await other.stop();
  });
});

describe('signAxios', () => {
  it('never repeats a signature, even when a request is repeated with its own config', async () => {
    const instance = makeAxios();
    const first = await instance.get('/v1/balances', { params: { currency: "a'b c", list: [1, 2] } });
    await instance.request(first.config);
    await Promise.all([instance.get('/v1/x'), instance.get('/v1/x'), instance.get('/v1/x')]);
    const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
    expect(new Set(signatures).size).toBe(5);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
    const [firstTarget = '', repeatedTarget = ''] = server.requests.map(({ target }) => target);
    // Only if both were signed in the same second, the second one has a parameter.
    expect(repeatedTarget.replace(/&_=[0-9a-f-]{36}$/, '')).toBe(firstTarget);
  });

  it('signs after interceptors that were added before', async () => {
    const instance = axios.create({ baseURL: server.url, proxy: false });
    instance.interceptors.request.use((config) => ({
      ...config,
      params: { late: 1 },
      data: { changed: true },
    }));
    await signAxios(instance, CREDENTIALS).post('/v1/x', { original: true });
    expect(lastRequest().target).toBe('/v1/x?late=1');
    expect(lastRequest().body.toString()).toBe('{"changed":true}');
    expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
  });

  it('shows no signature in responses and errors', async () => {
    const instance = makeAxios();
    const response = await instance.get('/v1/x');
    handler = (socket) => reject(socket, [403, 'x']);
    const rejected = await instance.get('/v1/x').catch((error: unknown) => error);
    handler = (socket) => socket.destroy();
    const lost = await instance.get('/v1/x').catch((error: unknown) => error);
    for (const value of [response, rejected, lost, instance]) {
      const printed = inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      expect(printed).not.toContain(SECRET);
      for (const request of server.requests) {
        expect(printed).not.toContain(getHeader(request, 'X-CPG-Signature'));
      }
    }
    expect(rejected).toMatchObject({ response: { status: 403, data: { message: 'x' } } });
  });

  it('corrects the clock', async () => {
    handler = (socket, _, index) => {
      const headers = { Date: new Date(Date.now() + 600_000).toUTCString() };
      if (index > 0) return ok(socket, {}, headers);
      return reject(socket, [401, 'Request timestamp is outside the allowed window'], headers);
    };
    const instance = makeAxios();
    await instance.get('/v1/x').catch(() => undefined);
    await instance.get('/v1/x');
    const ahead = Number(getHeader(lastRequest(), 'X-CPG-Timestamp')) - Date.now() / 1000;
    expect(Math.abs(ahead - 600)).toBeLessThan(30);
  });

  it("waits instead of using a timestamp more than 30 s ahead, with uniqueReads: 'never'", async () => {
    const time = new FakeTime(1_747_440_000_000);
    const options = { ...CREDENTIALS, time, uniqueReads: 'never' } as const;
    const instance = signAxios(axios.create({ baseURL: server.url, proxy: false }), options);
    for (let sent = 0; sent < 35; sent += 1) await instance.get('/v1/x');
    const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
    expect(new Set(signatures).size).toBe(35);
    expect(time.sleeps).toHaveLength(4);
  });

  it.each([
    ['a stream', () => Readable.from(['x'])],
    ['a form', () => new FormData()],
  ])('rejects a body of %s', async (_, data) => {
    await expect(makeAxios().post('/v1/x', data())).rejects.toMatchObject({ code: 'invalid_request' });
    expect(server.requests).toHaveLength(0);
  });

  it('requires a baseUrl', () => {
    expect(() => signAxios(axios.create(), CREDENTIALS)).toThrow('baseUrl must be a URL');
    expect(() => signAxios(axios.create({ baseURL: 'http://example.com' }), CREDENTIALS)).toThrow('https://');
  });
});

describe('signFetch', () => {
  it('accepts the arguments of fetch: a Request, a URL, headers, a signal', async () => {
    const signed = makeFetch();
    await signed(new Request(`${server.url}/v1/a`, { method: 'POST', body: '{"a":1}' }));
    expect(lastRequest().body.toString()).toBe('{"a":1}');
    await signed(new URL('/v1/b', server.url), { headers: { 'X-Extra': 'yes' } });
    expect(getHeader(lastRequest(), 'X-Extra')).toBe('yes');
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
    await expect(signed('/v1/c', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('never repeats a signature, and leaves the body of a rejection unread', async () => {
    const signed = makeFetch();
    handler = (socket) => reject(socket, [401, 'Invalid signature']);
    const responses = await Promise.all([signed('/v1/x'), signed('/v1/x'), signed('/v1/x')]);
    expect(await responses[0]?.json()).toEqual({ success: false, message: 'Invalid signature' });
    const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
    expect(new Set(signatures).size).toBe(3);
  });

  it('corrects the clock', async () => {
    handler = (socket) =>
      reject(socket, [401, 'Request timestamp is outside the allowed window'], {
        Date: new Date(Date.now() - 600_000).toUTCString(),
      });
    const signed = makeFetch();
    await signed('/v1/x');
    await signed('/v1/x');
    const behind = Date.now() / 1000 - Number(getHeader(lastRequest(), 'X-CPG-Timestamp'));
    expect(Math.abs(behind - 600)).toBeLessThan(30);
  });
});

describe('the clock of an adapter', () => {
  type Read = (path: string) => Promise<unknown>;
  const makers: [string, (time: FakeTime) => Read][] = [
    ['signFetch', (time) => signFetch(fetch, { ...credentials(), time })],
    ['signAxios', (time) => signAxios(axios.create({ proxy: false }), { ...credentials(), time }).get],
  ];
  const NOW_MS = 1_747_440_000_000;
  const timestamps = (): number[] =>
    server.requests.map((request) => Number(getHeader(request, 'X-CPG-Timestamp')) - NOW_MS / 1000);

  it.each(makers)('of %s ignores a Date that a success proves wrong', async (_, make) => {
    handler = (socket) => ok(socket, {}, { Date: new Date(NOW_MS + 600_000).toUTCString() });
    const read = make(new FakeTime(NOW_MS));
    await read('/v1/a');
    await read('/v1/b');
    expect(timestamps()).toEqual([0, 0]);
  });

  it.each(makers)('of %s drops an offset that is rejected', async (_, make) => {
    const headers = { Date: new Date(NOW_MS + 250_000).toUTCString() };
    handler = (socket, _request, index) =>
      index === 1
        ? reject(socket, [401, 'Request timestamp is outside the allowed window'], headers)
        : ok(socket, {}, headers);
    const read = make(new FakeTime(NOW_MS));
    for (const path of ['/v1/a', '/v1/b', '/v1/c', '/v1/d']) await read(path).catch(() => undefined);
    expect(timestamps()).toEqual([0, 250, 0, 0]);
  });
});

describe('identical reads of one second', () => {
  const NOW_SECONDS = 1_747_440_000;
  let gateway: ScriptedGateway;
  beforeEach(async () => {
    gateway = await ScriptedGateway.start({ now: () => NOW_SECONDS });
    gateway.reply('balances.list', { data: [] });
  });
  afterEach(() => gateway.stop());

  type Read = (path: string) => Promise<{ readonly status: number }>;
  const makers: [string, (options: SigningCredentials) => Read][] = [
    ['signFetch', (options) => signFetch(fetch, options)],
    ['signAxios', (options) => signAxios(axios.create({ proxy: false }), options).get],
    [
      'signAxios with validateStatus',
      (options) => signAxios(axios.create({ proxy: false, validateStatus: null }), options).get,
    ],
    [
      'signAxios with streams',
      (options) => signAxios(axios.create({ proxy: false, responseType: 'stream' }), options).get,
    ],
  ];

  it.each(makers)('with %s all succeed without waiting, the first of them unchanged', async (_, make) => {
    const time = new FakeTime(NOW_SECONDS * 1000);
    const read = make({ ...gateway.clientOptions, time });
    const all = await Promise.all(Array.from({ length: 20 }, () => read('/v1/balances?network=ETH')));
    expect(all.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(time.sleeps).toEqual([]);
    const targets = gateway.requests.map(({ target }) => target);
    expect(targets.filter((target) => target === '/v1/balances?network=ETH')).toHaveLength(1);
    expect(
      targets.filter((target) => /^\/v1\/balances\?network=ETH&_=[0-9a-f-]{36}$/.test(target)),
    ).toHaveLength(19);
  });

  it.each<[string, string | undefined, RegExp]>([
    ['never sent is sent unchanged', 'http://127.0.0.1:1', /^\/v1\/x$/],
    ['lost is sent as another one', undefined, /^\/v1\/x\?_=/],
  ])('with signFetch, a repetition of a read that was %s', async (_, unreachable, target) => {
    const isLost = unreachable === undefined;
    handler = (socket) => (isLost && server.requests.length === 1 ? socket.destroy() : ok(socket, []));
    const origins = [unreachable ?? server.url, server.url];
    const send = ((url: string, init: RequestInit) =>
      fetch(url.replace(server.url, origins.shift() ?? ''), init)) as typeof fetch;
    const read = signFetch(send, { ...credentials(), time: new FakeTime(NOW_SECONDS * 1000) });
    await expect(read('/v1/x')).rejects.toThrow('fetch failed');
    await read('/v1/x');
    expect(lastRequest().target).toMatch(target);
  });

  it.each(makers)('with %s of another process are sent again once', async (_, make) => {
    const { baseUrl, ...key } = gateway.clientOptions;
    const target = '/v1/balances';
    const { headers } = makeSignedRequest({ ...key, method: 'GET', target, now: NOW_SECONDS });
    await fetch(`${baseUrl}${target}`, { headers });
    const time = new FakeTime(NOW_SECONDS * 1000);
    expect((await make({ ...key, baseUrl, time })(target)).status).toBe(200);
    expect(gateway.requests).toHaveLength(2);
    expect(gateway.requests[1]?.target).toMatch(/^\/v1\/balances\?_=/);
  });

  it.each(makers.slice(0, 2))('with %s that remain replays are the response', async (_, make) => {
    handler = (socket) => reject(socket, [401, 'Request signature has already been used']);
    const outcome = await make(credentials())('/v1/x').catch(
      (error: unknown) => (error as { response: object }).response,
    );
    expect(outcome).toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(2);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
    await make({ ...credentials(), uniqueReads: 'never' })('/v1/y').catch(() => undefined);
    expect(server.requests).toHaveLength(3);
  });

  it('leave the config of a response of axios as it was', async () => {
    const instance = signAxios(axios.create({ baseURL: server.url, proxy: false }), {
      ...CREDENTIALS,
      time: new FakeTime(NOW_SECONDS * 1000),
    });
    await instance.get('/v1/x?a=1');
    const { config } = await instance.get('/v1/x?a=1');
    expect(lastRequest().target).toMatch(/^\/v1\/x\?a=1&_=/);
    expect(config.url).toBe(`${server.url}/v1/x?a=1`);
  });
});

describe('a 401 that arrives as a stream', () => {
  const read = async (message: string, send: RawHandler): Promise<[status: number, body: string]> => {
    handler = send;
    const { status, data } = await makeAxios().get(`/v1/x?m=${encodeURIComponent(message)}`, {
      responseType: 'stream',
      validateStatus: null,
    });
    return [status, await text(data)];
  };

  it('is still a stream of the whole body', async () => {
    const long = 'x'.repeat(100_000);
    for (const message of ['Invalid signature', long]) {
      const [status, body] = await read(message.slice(0, 20), (socket) => reject(socket, [401, message]));
      expect([status, JSON.parse(body)]).toEqual([401, { success: false, message }]);
    }
    const head = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n';
    await expect(read('lost', (socket) => socket.end(`${head}{"success"`))).rejects.toThrow('aborted');
  });

  it('corrects the clock', async () => {
    const headers = { Date: new Date(Date.now() + 600_000).toUTCString() };
    handler = (socket) => reject(socket, [401, 'Request timestamp is outside the allowed window'], headers);
    const instance = makeAxios();
    await instance.get('/v1/x', { responseType: 'stream' }).catch(() => undefined);
    await instance.get('/v1/x').catch(() => undefined);
    const ahead = Number(getHeader(lastRequest(), 'X-CPG-Timestamp')) - Date.now() / 1000;
    expect(Math.abs(ahead - 600)).toBeLessThan(30);
  });
});

describe('readWireMessage', () => {
  it.each([
    [{ message: 'x' }, 'x'],
    ['{"message":"x"}', 'x'],
    [Buffer.from('{"message":"x"}'), 'x'],
    [{}, undefined],
    ['{}', undefined],
    ['null', undefined],
    ['<html>', undefined],
    [null, undefined],
    [undefined, undefined],
    [5, undefined],
  ])('of %o is %s', (data, message) => {
    expect(readWireMessage(data)).toBe(message);
  });
});
