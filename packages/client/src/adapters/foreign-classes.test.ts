import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { createSigningKey, signWebhook } from '@cpg/protocol';
import { CREDENTIALS, isAuthentic, SECRET } from '@cpg/test-support/client/fixtures';
import {
  type CapturedRequest,
  getHeader,
  ok,
  type RawHandler,
  RawServer,
  reject,
} from '@cpg/test-support/raw-server';
import axios from 'axios';
import * as nodeFetch from 'node-fetch';
import * as undici from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWebhook } from '../testing/signed-messages.ts';
import { webhooks } from '../webhooks/webhook-receiver.ts';
import { signAxios } from './sign-axios.ts';
import { signFetch } from './sign-fetch.ts';

let server: RawServer;
let handler: RawHandler;

beforeEach(async () => {
  handler = (socket) => ok(socket, { pong: true });
  server = await RawServer.start((socket, request, index) => handler(socket, request, index));
});
afterEach(() => server.stop());

const BODY = '{"amount": "1.0", "é": 1}';
const FORM = 'Content-Disposition: form-data; name="field"';

const lastRequest = (): CapturedRequest => {
  const request = server.requests.at(-1);
  if (request === undefined) throw new Error('nothing captured');
  return request;
};

type Classes = Pick<typeof globalThis, 'fetch' | 'Request' | 'Headers' | 'FormData' | 'Blob'>;
const implementations: [string, Classes][] = [
  ['Node.js', globalThis],
  ['npm’s undici', { ...undici, Blob } as unknown as Classes],
  ['node-fetch', { ...nodeFetch, fetch: nodeFetch.default } as unknown as Classes],
];

const send = (classes: Classes) => signFetch(classes.fetch, { ...CREDENTIALS, baseUrl: server.url });

const pairs = implementations.flatMap(([fetchName, { fetch }]) =>
  implementations.map(([name, classes]): [string, Classes] => [
    `${fetchName} with the classes of ${name}`,
    { ...pick(classes), fetch },
  ]),
);

function pick({ fetch, Request, Headers, FormData, Blob }: Classes): Classes {
  return { fetch, Request, Headers, FormData, Blob };
}

describe.each(pairs)('signFetch of the fetch of %s', (_, classes) => {
  const { Request, Headers, FormData, Blob } = classes;

  it('sends a Request with method, headers and body', async () => {
    const request = new Request(`${server.url}/v1/withdrawals?a=b'c`, {
      method: 'POST',
      body: BODY,
      headers: { 'Content-Type': 'application/json', 'X-Extra': 'yes' },
    });
    const response = await send(classes)(request);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ data: { pong: true } });
    const sent = lastRequest();
    expect(sent.requestLine).toBe('POST /v1/withdrawals?a=b%27c HTTP/1.1');
    expect(sent.body.toString()).toBe(BODY);
    expect([getHeader(sent, 'Content-Type'), getHeader(sent, 'X-Extra')]).toEqual([
      'application/json',
      'yes',
    ]);
    expect(isAuthentic(sent, SECRET)).toBe(true);
  });

  it('lets the second argument override the Request', async () => {
    const request = new Request(`${server.url}/v1/x`, { method: 'POST', body: 'first' });
    await send(classes)(request, { method: 'PUT', body: BODY, headers: new Headers({ 'X-Extra': 'yes' }) });
    expect(lastRequest()).toMatchObject({ method: 'PUT', body: Buffer.from(BODY) });
    expect(getHeader(lastRequest(), 'X-Extra')).toBe('yes');
    expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
  });

  const form = (): FormData => {
    const made = new FormData();
    made.append('field', 'é');
    made.append('file', new Blob(['bytes'], { type: 'text/csv' }), 'a.csv');
    return made;
  };
  it.each<[string, () => unknown, string | RegExp, string]>([
    ['text', () => BODY, BODY, 'text/plain;charset=UTF-8'],
    [
      'URLSearchParams',
      () => new URLSearchParams({ a: 'b c' }),
      'a=b+c',
      'application/x-www-form-urlencoded',
    ],
    ['a Blob', () => new Blob([BODY], { type: 'text/csv' }), BODY, 'text/csv'],
    [
      'FormData',
      form,
      new RegExp(`${FORM}[^]*é[^]*filename="a.csv"[^]*text/csv[^]*bytes`),
      'multipart/form-data',
    ],
  ])('sends %s with its content type', async (_name, make, body, type) => {
    await send(classes)('/v1/x', { method: 'POST', body: make() as NonNullable<RequestInit['body']> });
    expect(lastRequest().body.toString()).toMatch(body);
    expect(getHeader(lastRequest(), 'Content-Type')).toContain(type);
    expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
  });

  it('sends the content of a stream', async () => {
    const stream = Readable.from([Buffer.from('a'), Buffer.from('b')]);
    await send(classes)('/v1/x', {
      method: 'POST',
      body: stream as unknown as NonNullable<RequestInit['body']>,
    });
    expect(lastRequest().body.toString()).toBe('ab');
    expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
  });

  it('is aborted by the signal of the Request', async () => {
    const controller = new AbortController();
    handler = () => controller.abort();
    const request = new Request(`${server.url}/v1/x`, { signal: controller.signal });
    await expect(send(classes)(request)).rejects.toThrow(/abort/i);
    expect(server.requests).toHaveLength(1);
  });

  it('leaves the body of a 401 unread', async () => {
    handler = (socket) => reject(socket, [401, 'Invalid signature']);
    expect(await (await send(classes)('/v1/x')).json()).toEqual({
      success: false,
      message: 'Invalid signature',
    });
  });
});

describe('signFetch', () => {
  it.each<[string, unknown, RequestInit?]>([
    ['an object', { hostname: 'x' }],
    ['nothing', undefined],
    ['a number', 7],
    ['a Request of which only the name is right', { [Symbol.toStringTag]: 'Request' }],
    ['an object as body', '/v1/x', { method: 'POST', body: { a: 1 } as unknown as string }],
    ['a number as body', '/v1/x', { method: 'POST', body: 1 as unknown as string }],
    ['a body with GET', '/v1/x', { body: 'x' }],
    ['something else as signal', '/v1/x', { signal: {} as AbortSignal }],
    ['text as headers', '/v1/x', { headers: 'a: b' as unknown as [string, string][] }],
    ['a header that cannot be sent', '/v1/x', { headers: { 'a\r\nb': 'x' } }],
    ['a number as method', '/v1/x', { method: 1 as unknown as string }],
  ])('rejects %s and sends nothing', async (_, input, init) => {
    const sent = send(globalThis)(input as string, init);
    await expect(sent).rejects.toMatchObject({ name: 'InvalidRequestError', code: 'invalid_request' });
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    [
      'a URL of another realm',
      (): unknown => ({ href: `${server.url}/v1/a`, origin: server.url, toString: () => 'x' }),
    ],
    ['a URL', () => new URL('/v1/a', server.url)],
  ])('accepts %s', async (_, make) => {
    await send(globalThis)(make() as URL);
    expect(lastRequest().target).toBe('/v1/a');
  });
});

describe('values of another realm', () => {
  const bytes = (): unknown => runInNewContext('new Uint8Array([0x7b, 0x7d])');
  const buffer = (): unknown => runInNewContext('new Uint8Array([0x7b, 0x7d]).buffer');

  it.each([
    ['Uint8Array', bytes],
    ['ArrayBuffer', buffer],
  ])('%s is a body', async (_, make) => {
    const http = signAxios(axios.create({ baseURL: server.url, proxy: false }), CREDENTIALS);
    await http.post('/v1/x', make());
    await send(globalThis)('/v1/x', { method: 'POST', body: make() as NonNullable<RequestInit['body']> });
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['{}', '{}']);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });

  it('AbortSignal: an object with the same methods ends a request', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const foreign = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: signal.addEventListener.bind(signal),
      removeEventListener: signal.removeEventListener.bind(signal),
    };
    handler = () => controller.abort();
    const http = signAxios(axios.create({ baseURL: server.url, proxy: false }), CREDENTIALS);
    await expect(http.get('/v1/x', { signal: foreign })).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await expect(http.get('/v1/x', { signal: {} as AbortSignal })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('Uint8Array is the body of a webhook', () => {
    const now = 1_747_440_000;
    const key = createSigningKey('hook');
    const event = { id: 1, event: 'later', created_at: '2025-05-17T00:00:00Z', api_version: '1', data: {} };
    const text = JSON.stringify(event);
    const body = runInNewContext(`Uint8Array.from(${JSON.stringify([...Buffer.from(text)])})`) as Uint8Array;
    const { headers } = signWebhook({ key, body: Buffer.from(text), timestamp: now });
    expect(webhooks.verify({ secret: 'hook', body, headers, now })).toEqual(event);
  });
});

describe('webhooks.verify', () => {
  const { headers, body } = makeWebhook({ secret: 'hook', event: 'deposit.confirmed' });
  it.each<[string, unknown]>([
    ['Node.js', new Headers(headers)],
    ['npm’s undici', new undici.Headers(headers)],
    ['node-fetch', new nodeFetch.Headers(headers)],
    ['axios', new axios.AxiosHeaders(headers)],
    ['a Map', new Map(Object.entries(headers))],
    ['pairs', Object.entries(headers)],
    ['an object', headers],
    [
      'Node.js requests',
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]])),
    ],
  ])('reads the headers of %s', (_, given) => {
    const event = webhooks.verify({ secret: 'hook', body, headers: given as Headers });
    expect(event.event).toBe('deposit.confirmed');
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [['a', 'b'], 'an array'],
    ['a: b', 'a string'],
  ])('names the expected type for %j', (given, got) => {
    const verify = () => webhooks.verify({ secret: 'hook', body, headers: given as Headers });
    expect(verify).toThrow(
      `Webhook: headers must be request.headers, a Headers object or name–value pairs: got ${got}.`,
    );
    expect(verify).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});
