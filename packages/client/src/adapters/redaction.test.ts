import { text } from 'node:stream/consumers';
import { format, inspect } from 'node:util';
import { CREDENTIALS, isAuthentic, SECRET } from '@cpg/test-support/client/fixtures';
import { getHeader, ok, type RawHandler, RawServer, reject, respond } from '@cpg/test-support/raw-server';
import axios, { type AxiosAdapter, type AxiosInstance, getAdapter, type ResponseType } from 'axios';
import nodeFetch from 'node-fetch';
import { fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CpgClient } from '../client.ts';
import { signAxios } from './sign-axios.ts';
import { signFetch } from './sign-fetch.ts';

let server: RawServer;
let handler: RawHandler;

beforeEach(async () => {
  handler = (socket) => ok(socket, { pong: true });
  server = await RawServer.start((socket, request, index) => handler(socket, request, index));
});
afterEach(() => server.stop());

/** The common ways of logging a value; `format` is the output of `console.log`. */
const formatAll = (value: unknown): string => {
  const all = {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    maxStringLength: null,
    maxArrayLength: null,
  };
  return [
    format(value),
    inspect(value, all),
    inspect(value, { ...all, getters: true }),
    formatJson(value),
  ].join('\n');
};

/** A stream refers to itself, so it cannot be converted to JSON; its properties are printed one by one. */
const formatJson = (value: unknown): string => {
  const seen = new Set<unknown>();
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return String(each);
    if (typeof each !== 'object' || each === null) return each;
    if (seen.has(each)) return undefined;
    seen.add(each);
    return each;
  });
};

const expectRedacted = (value: unknown): void => {
  const printed = formatAll(value);
  expect(printed).not.toContain(SECRET);
  expect(server.requests.length).toBeGreaterThan(0);
  for (const request of server.requests) {
    expect(isAuthentic(request, SECRET)).toBe(true);
    expect(printed).not.toContain(getHeader(request, 'X-CPG-Signature'));
  }
};

const handlers: [string, RawHandler][] = [
  ['a success', (socket) => ok(socket, { pong: true })],
  ['a 403', (socket) => reject(socket, [403, 'x'])],
  ['a redirect', (socket) => respond(socket, { status: 307, headers: { Location: 'http://127.0.0.1:1/' } })],
  ['a broken connection', (socket) => socket.resetAndDestroy()],
  ['half a response', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{')],
  ['a response that is not HTTP', (socket) => socket.end('hello\r\n\r\n')],
];
const RESPONSE_TYPES: ResponseType[] = [
  'json',
  'text',
  'arraybuffer',
  'blob',
  'document',
  'formdata',
  'stream',
];

const wrapped: AxiosAdapter = (config) => getAdapter('http')(config);
const FEW: readonly ResponseType[] = ['json', 'stream'];
const adapters: [string, () => AxiosInstance, (readonly ResponseType[])?][] = [
  ['axios', () => axios.create({ baseURL: server.url, proxy: false }), RESPONSE_TYPES],
  [
    'axios with an adapter of your own around the http one',
    () => axios.create({ baseURL: server.url, proxy: false, adapter: wrapped }),
  ],
  ['axios with its fetch adapter', () => axios.create({ baseURL: server.url, adapter: getAdapter('fetch') })],
  [
    'axios with an adapter that stores its arguments',
    () =>
      axios.create({
        baseURL: server.url,
        adapter: async (config) => {
          const { url = '', method = '', data } = config;
          const headers = { ...config.headers.toJSON() } as Record<string, string>;
          const response = await fetch(url, { method, headers, body: data, redirect: 'manual' });
          const kept = { map: new Map([['headers', headers]]), set: new Set([[...Object.entries(headers)]]) };
          const { status, statusText } = response;
          return {
            status,
            statusText,
            headers: {},
            config,
            data: response.body,
            request: kept,
            [Symbol('kept')]: kept,
          };
        },
      }),
  ],
];

describe.each(adapters)('%s', (_, create, responseTypes = FEW) => {
  describe.each(handlers)('after %s', (_name, given) => {
    it.each(responseTypes)('shows neither signature nor secret, responseType %s', async (responseType) => {
      handler = given;
      const http = signAxios(create(), CREDENTIALS);
      const outcome: unknown = await http
        .post('/v1/x', { a: 1 }, { responseType })
        .catch((error: unknown) => error);
      expectRedacted(outcome);
      expectRedacted(http);
    });
  });
});

describe('a stream', () => {
  it('shows no signature while it is read and afterwards, nor does the agent', async () => {
    const { Agent } = await import('node:http');
    const httpAgent = new Agent({ keepAlive: true });
    const http = signAxios(axios.create({ baseURL: server.url, proxy: false, httpAgent }), CREDENTIALS);
    let finish = () => {};
    handler = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe');
      finish = () => socket.write('llo');
    };
    const response = await http.get('/v1/x', { responseType: 'stream' });
    expectRedacted([response, httpAgent]);
    finish();
    expect(await text(response.data)).toBe('hello');
    expectRedacted([response, httpAgent]);
    expect(response.config.headers.get('X-CPG-Signature')).toBe('[redacted]');
    httpAgent.destroy();
  });

  it('has the config of the caller, which can be used for another request', async () => {
    const { signal } = new AbortController();
    const http = signAxios(axios.create({ baseURL: server.url, proxy: false }), CREDENTIALS);
    const { config } = await http.post('/v1/x', 'body', { signal });
    expect(config.signal).toBe(signal);
    expect(config.transport).toBeUndefined();
    await http.request(config);
    expect(server.requests).toHaveLength(2);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });
});

describe.each([
  ['fetch', fetch],
  ['the fetch of npm’s undici', undiciFetch as unknown as typeof fetch],
  ['node-fetch', nodeFetch as unknown as typeof fetch],
])('%s', (_, given) => {
  it.each(handlers)('shows neither signature nor secret after %s', async (_name, each) => {
    handler = each;
    const signed = signFetch(given, { ...CREDENTIALS, baseUrl: server.url });
    const response = await signed('/v1/x', { method: 'POST', body: '{}' }).catch((error: unknown) => error);
    expectRedacted(response);
    const read = await Promise.resolve((response as Response).text?.()).catch((error: unknown) => error);
    expectRedacted([response, read]);
  });
});

describe('CpgClient', () => {
  it.each(handlers)('shows neither signature nor secret after %s', async (_name, each) => {
    handler = each;
    const client = new CpgClient({ ...CREDENTIALS, baseUrl: server.url, maxRetries: 0 });
    const outcome = await client
      .ping()
      .withResponse()
      .catch((error: unknown) => error);
    expectRedacted(outcome);
    expectRedacted(client);
    client.close();
  });
});
