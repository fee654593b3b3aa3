import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { REJECTIONS } from '@cpg/protocol';
import { getPort, listen } from '@cpg/test-support/ports';
import { recordingLogger, SECRET, testKey } from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { cpgAuth } from '../express/cpg-auth.ts';
import { routes } from '../express/routes.ts';
import { drainUnreadBodies } from '../http/drain-unread-body.ts';
import { sendRejection } from '../http/responses.ts';
import type { CpgAuthOptions } from '../index.ts';
import { staticKeys } from '../keys/key-store.ts';
import * as admission from './admission-checks.ts';
import * as bodies from './body-checks.ts';
import { doctor } from './doctor.ts';
import type { DoctorFinding } from './finding.ts';
import * as paths from './path-checks.ts';
import { type Examined, Prober, type UrlCheck } from './prober.ts';
import * as transport from './transport-checks.ts';

/** Does to a request or its response what a proxy might; true once it has responded itself. */
type Proxy = (request: IncomingMessage, response: ServerResponse) => unknown;

interface Service {
  readonly options?: Partial<CpgAuthOptions>;
  readonly proxy?: Proxy;
  /** In place of the app with cpgAuth. */
  readonly app?: RequestListener;
  readonly timeoutMs?: number;
  readonly target?: string;
}

const createApp = (options: Partial<CpgAuthOptions> = {}): RequestListener => {
  const app = express();
  const keys = staticKeys([testKey()]);
  app.use('/v1', cpgAuth({ keys, store: memoryStore(), logger: recordingLogger(), ...options }));
  app.get('/v1/_ping', (_request, response) => {
    response.json({ success: true });
  });
  app.use(routes([]));
  return app;
};

const start = async ({ options, proxy, app = createApp(options) }: Service): Promise<string> => {
  const server = drainUnreadBodies(
    createServer((request, response) => {
      if (proxy?.(request, response) !== true) app(request, response);
    }),
  );
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${await listen(server)}`;
};

const examine = async (check: UrlCheck, service: Service): Promise<readonly string[]> => {
  const url = new URL(await start(service));
  const origin = { hostname: url.hostname, port: Number(url.port), isTls: false };
  const { timeoutMs = 10_000, target = '/v1/_ping' } = service;
  const prober = new Prober({ origin, host: url.host, keyId: 'ck_full', secret: SECRET, timeoutMs });
  const examined: Examined = { url, target, prober };
  return (await check(examined)).map(format);
};

const format = ({ status, check, detail }: DoctorFinding): string => `${status} ${check}: ${detail}`;

const authenticate = async (
  service: Service & { readonly path?: string; readonly secret?: string; readonly target?: string },
) => {
  const { path = '', secret = SECRET, timeoutMs = 10_000, target } = service;
  const lines: string[] = [];
  const url = `${await start(service)}${path}`;
  const report = await doctor(url, {
    keyId: 'ck_full',
    secret,
    timeoutMs,
    target,
    print: (line) => lines.push(line),
  });
  return { ...report, lines };
};

const respond = (response: ServerResponse, status: number, headers = {}): true => {
  response.writeHead(status, headers).end('<html>');
  return true;
};

const isForged = ({ headers }: IncomingMessage): boolean => headers['x-cpg-signature'] === '0'.repeat(64);

/** Changes what the service sees of every request. */
const rewrite =
  (change: (target: string) => string): Proxy =>
  (request) => {
    request.url = change(request.url ?? '');
  };

const renameHeaders =
  (change: (name: string, index: number) => string): Proxy =>
  ({ rawHeaders }) => {
    for (let at = 0; at < rawHeaders.length; at += 2) rawHeaders[at] = change(rawHeaders[at] as string, at);
  };

const compress =
  (encoding: string, encode: (body: string) => Uint8Array | string, isForced = false): Proxy =>
  ({ headers }, response) => {
    if (headers['accept-encoding'] === undefined && !isForced) return;
    const end = response.end.bind(response) as (body: unknown) => ServerResponse;
    response.end = ((body: unknown) => {
      const bytes = encode(String(body));
      response.setHeader('Content-Encoding', encoding);
      response.setHeader('Content-Length', bytes.length);
      return end(bytes);
    }) as never;
  };

const NOTHING: Service = {};
let count = 0;

describe('doctor of a URL', () => {
  it('finds nothing wrong with a service without a proxy', async () => {
    const { isHealthy, findings } = await authenticate({});
    expect([isHealthy, findings.filter(({ status }) => status !== 'ok')]).toEqual([true, []]);
    expect(findings.map(({ check }) => check)).toEqual([
      'authentication',
      'protection',
      'replay',
      'retries',
      'cache',
      'clock',
      'path',
      'query',
      'HEAD',
      'OPTIONS',
      'body',
      'chunked body',
      'body limit',
      'oversized body',
      'early rejections',
      'gzip request',
      'gzip response',
      'Expect',
      'repeated headers',
      'X_CPG headers',
      'HTTP/1.0',
      'keep-alive',
      'encryption',
    ]);
  });

  it.each<readonly [string, Parameters<typeof authenticate>[0], RegExp]>([
    [
      'a wrong secret, with a short target',
      { secret: 'other', target: '/v1' },
      /Check the key id and the secret/,
    ],
    [
      'a rejection without a text',
      { app: (_, response) => void response.writeHead(400).end('{"success":false,"message":1}') },
      /^got 400, which is not a response of the service/,
    ],
    ['a wrong secret', { secret: 'other' }, /^got 401 "Invalid signature". Check the key id and the secret/],
    [
      'a prefix that is removed',
      { path: '/api', proxy: rewrite((target) => target.replace('/api', '')) },
      /^got 401 "Invalid signature"\. A proxy removes \/api from the path.* nginx: proxy_pass http:\/\/upstream; without/,
    ],
    [
      'a query that is removed',
      { proxy: rewrite((target) => target.replace(/\?.*/, '')) },
      /A proxy removes the query/,
    ],
    [
      'headers that are removed',
      { proxy: renameHeaders((name) => name.replace('X-CPG', 'X-Other')) },
      /^got 401 "Missing authentication headers"\. A proxy removes the X-CPG headers/,
    ],
    [
      'a clock ten minutes off',
      { options: { clock: () => Date.now() + 600_000 } },
      /more than 300 s; the header Date of the response is 0 s/,
    ],
    [
      'a clock ten minutes behind, with its Date',
      {
        options: { clock: () => Date.now() - 600_000 },
        proxy: (_, response) => void response.setHeader('Date', new Date(Date.now() - 600_000).toUTCString()),
      },
      /Date of the response is (?:599|60[01]) s behind this machine/,
    ],
    [
      'a clock ten minutes off, without a Date',
      {
        options: { clock: () => Date.now() + 600_000 },
        proxy: (_, response) => {
          response.sendDate = false;
        },
      },
      /Date of the response has none/,
    ],
    [
      'a redirect',
      { app: (_, response) => void respond(response, 301, { Location: 'https://127.0.0.1/\u00ff' }) },
      /^got 301, which is not a response of the service\. It redirects to https:\/\/127\.0\.0\.1\/\?: clients never follow/,
    ],
    [
      'a target that is not there',
      { path: '/v1/' },
      /^GET \/v1\/v1\/_ping must succeed: got 404 "Not found"\. Fix: a URL/,
    ],
    [
      'another service',
      { app: (_, response) => void respond(response, 404) },
      /^got 404, which.*Is this the URL/,
    ],
    [
      'a used-up quota',
      { options: { store: { admit: () => 'rate_limited' } } },
      /a key that may send 100 requests/,
    ],
    [
      'a mirror',
      { options: { store: { admit: () => 'replayed' } } },
      /first use, so a proxy sends requests twice/,
    ],
    [
      'a failing service',
      { app: (_, response) => sendRejection(response, REJECTIONS.internal_server_error) },
      /See the log/,
    ],
    [
      'no response',
      { app: () => {}, timeoutMs: 100 },
      /^there was no response within 100 ms\. Check the URL/,
    ],
  ])('stops at %s', async (_what, service, expected) => {
    const { findings, isHealthy } = await authenticate(service);
    expect(findings.map(({ check }) => check)).toEqual(['authentication']);
    expect([isHealthy, findings[0]?.detail]).toEqual([false, expect.stringMatching(expected)]);
  });

  it('takes no longer than its deadline', async () => {
    const url = await start({ proxy: () => undefined });
    const { findings } = await doctor(url, {
      keyId: 'ck_full',
      secret: SECRET,
      deadlineMs: 1,
      print: () => {},
    });
    expect(findings.at(-1)).toEqual({
      check: 'deadline',
      status: 'failure',
      detail: 'the checks took longer than 1 ms; the rest was left out',
    });
  });
});

describe('each check', () => {
  it.each<readonly [string, UrlCheck, Service, readonly RegExp[]]>([
    [
      'an app that authenticates nothing',
      admission.checkProtection,
      { app: (_, response) => void respond(response, 200) },
      [/^failure protection: an unsigned request must be rejected with 401: got 200$/],
    ],
    [
      'an app that looks for the headers only',
      admission.checkProtection,
      { proxy: (request, response) => (isForged(request) ? respond(response, 200) : undefined) },
      [/^failure protection: a forged request must be rejected with 401: got 200$/],
    ],
    [
      'a store for each process',
      admission.checkReplay,
      { options: { store: { admit: () => 'admitted' } } },
      [/^failure replay: 5 of 5 copies were accepted, one after the other\. Fix: one redisStore/],
    ],
    [
      'a store that is not atomic',
      admission.checkReplay,
      { options: { store: createRacyStore() } },
      [/^failure replay: [2-5] of 5 copies were accepted, at the same time/],
    ],
    [
      'a store that fails',
      admission.checkReplay,
      {
        options: {
          store: {
            admit: () => {
              count += 1;
              if (count > 1) throw new Error('down');
              return 'admitted';
            },
          },
        },
      },
      [/^failure replay: a copy must be rejected with 401 as already used: got 503/],
    ],
    [
      'a proxy that sends everything twice',
      admission.checkReplay,
      { options: { store: { admit: () => 'replayed' } } },
      [/^failure replay: a signature was rejected as already used at its first use.*proxy_next_upstream off/],
    ],
    [
      'a proxy that retries what was not found',
      admission.checkRetries,
      {
        proxy: ({ url }, response) => {
          if (url?.includes('_cpg-doctor') !== true) return false;
          sendRejection(response, REJECTIONS.signature_already_used);
          return true;
        },
      },
      [/^failure retries: a signature was rejected as already used/],
    ],
    [
      'a proxy without its service',
      admission.checkRetries,
      { app: (_, response) => void respond(response, 502) },
      [/^failure retries: a request got no response of the service: got 502, which is not/],
    ],
    [
      'a connection that is cut',
      admission.checkRetries,
      { app: ({ socket }) => void socket.destroy() },
      [/^failure retries: .*the connection was closed without a response(?: \(E\w+\))?$/],
    ],
    ['a cache', admission.checkCache, { proxy: createCache() }, [/^failure cache: .*proxy_cache off/]],
    [
      'a clock that is ahead',
      admission.checkClock,
      { options: { clock: () => Date.now() + 60_000 } },
      [/^failure clock: the service is ahead of this machine by 10 s or more/],
    ],
    [
      'a clock that is behind',
      admission.checkClock,
      { options: { clock: () => Date.now() - 60_000 } },
      [/^failure clock: the service is behind this machine by 10 s or more/],
    ],
    [
      'a service that fails',
      admission.checkClock,
      { app: (_, response) => void respond(response, 500) },
      [/^failure clock: timestamps at the edges of the window: got 500, which/],
    ],
    [
      'a proxy with a wrong Date',
      admission.checkClock,
      { proxy: (_, response) => void response.setHeader('Date', new Date(0).toUTCString()) },
      [/^warning clock: the header Date differs by \d+ s, although the clock of the service is right/],
    ],
    [
      'a proxy without a Date',
      admission.checkClock,
      {
        proxy: (_, response) => {
          response.sendDate = false;
        },
      },
      [/^warning clock: the header Date is missing/],
    ],
    [
      'merged slashes and decoded escapes',
      paths.checkPaths,
      { proxy: rewrite((target) => target.replace('//', '/').replace('%7E', '~')) },
      [
        /^failure path: .*with an escape that is not needed \(%7E\), got 401 "Invalid signature"; a double slash, got 401 "Invalid signature"\. Fix: .*nocanon/,
      ],
    ],
    [
      'encoded slashes that are rejected by a proxy',
      paths.checkPaths,
      { proxy: ({ url }, response) => (url?.includes('%2F') === true ? respond(response, 404) : undefined) },
      [/^failure path: does not arrive unchanged with an encoded slash \(%2F\), got 404, which/],
    ],
    [
      'an app with responses of its own',
      paths.checkPaths,
      { app: createPlainApp() },
      [/^ok path: arrives unchanged/],
    ],
    [
      'signatures used before',
      paths.checkPaths,
      { app: (_, response) => sendRejection(response, REJECTIONS.signature_already_used) },
      [/^ok path/],
    ],
    [
      'a query that is sorted',
      paths.checkQuery,
      { proxy: rewrite((target) => target.replace('b=2&a=1', 'a=1&b=2')) },
      [/^failure query: .* arrive changed: got 401 "Invalid signature"/],
    ],
    ['nothing wrong with a query', paths.checkQuery, { target: '/v1/_ping?a=b/c' }, [/^ok query/]],
    [
      'HEAD that becomes GET, and OPTIONS that a proxy responds to',
      paths.checkMethods,
      {
        proxy: (request, response) => {
          if (request.method === 'OPTIONS') return respond(response, 204);
          request.method = 'GET';
          return false;
        },
      },
      [
        /^failure HEAD: a signed HEAD must be accepted: got 401/,
        /^warning OPTIONS: is not passed on to cpgAuth: got 204/,
      ],
    ],
    [
      'methods that are changed, and one without a response',
      paths.checkMethods,
      {
        proxy: (request) => {
          if (request.method === 'HEAD') request.socket.destroy();
          request.method = 'GET';
        },
      },
      [/^failure HEAD: .*got 0/, /^failure OPTIONS: a signed OPTIONS must be accepted: got 401/],
    ],
    [
      'methods in an app of its own',
      paths.checkMethods,
      { app: createPlainApp() },
      [/^ok HEAD/, /^ok OPTIONS/],
    ],
    [
      'bodies that are changed',
      bodies.checkSmallBody,
      {
        proxy: (request) => {
          if (request.headers['transfer-encoding'] === undefined)
            Object.assign(request, { rawBody: Buffer.from('{"probe":false}') });
        },
      },
      [/^failure body: must arrive unchanged: got 401 "Invalid signature"/, /^ok chunked body/],
    ],
    [
      'chunks that are rejected',
      bodies.checkSmallBody,
      {
        proxy: ({ headers }, response) =>
          headers['transfer-encoding'] === 'chunked' ? respond(response, 411) : undefined,
      },
      [/^ok body/, /^warning chunked body: is not accepted: got 411/],
    ],
    [
      'a body for an app of its own',
      bodies.checkSmallBody,
      { app: createPlainApp() },
      [/^ok body/, /^ok chunked body/],
    ],
    [
      'a service with a small limit',
      bodies.checkBodyLimit,
      { options: { bodyLimit: 1000 } },
      [
        /^ok body limit: the service accepts less than 1 MiB/,
        /^ok oversized body: is rejected by the service/,
      ],
    ],
    [
      'a service with a large limit',
      bodies.checkBodyLimit,
      { options: { bodyLimit: 4_000_000 } },
      [/^ok body limit: a body of 1 MiB arrives/, /^ok oversized body: the service accepts more than 2 MiB/],
    ],
    [
      'a proxy with a small limit',
      bodies.checkBodyLimit,
      { app: (_, response) => void respond(response, 413) },
      [
        /^warning body limit: a proxy accepts less.*client_max_body_size 2m/,
        /^warning oversized body: is rejected by a proxy/,
      ],
    ],
    [
      'a proxy that fails on large bodies',
      bodies.checkBodyLimit,
      { app: ({ socket }) => void socket.destroy() },
      [
        /^failure body limit: a body of 1 MiB must be accepted, or/,
        /^failure oversized body: a body of 2 MiB must be rejected with 413: /,
      ],
    ],
    [
      'a service that resets connections',
      bodies.checkEarlyRejections,
      {
        app: ({ headers, socket }, response) => {
          if (headers.connection === 'close') socket.destroy();
          else sendRejection(response, REJECTIONS.timestamp_outside_window);
        },
      },
      [/^failure early rejections: 3 of 6 responses did not reach a client.*drainUnreadBodies/],
    ],
    [
      'a proxy that turns lost responses into 502',
      bodies.checkEarlyRejections,
      { app: (_, response) => void respond(response, 502) },
      [/^failure early rejections: 6 of 6 .*got 502/],
    ],
    [
      'a proxy that decompresses',
      bodies.checkRequestCompression,
      { app: (_, response) => sendRejection(response, REJECTIONS.method_not_allowed) },
      [/^failure gzip request: must be rejected with 415: got 405 "Method not allowed"/],
    ],
    [
      'gzip',
      bodies.checkResponseCompression,
      { proxy: compress('gzip', gzipSync) },
      [/^ok gzip response: .* \(gzip\)/],
    ],
    [
      'deflate',
      bodies.checkResponseCompression,
      { proxy: compress('deflate', deflateSync) },
      [/^ok .* \(deflate\)/],
    ],
    [
      'brotli',
      bodies.checkResponseCompression,
      { proxy: compress('br', brotliCompressSync) },
      [/^ok .* \(br\)/],
    ],
    [
      'identity',
      bodies.checkResponseCompression,
      { proxy: compress('identity', (body) => body) },
      [/^ok .*not compressed/],
    ],
    [
      'compression that was not asked for',
      bodies.checkResponseCompression,
      { proxy: compress('gzip', gzipSync, true) },
      [/^failure gzip response: a client that does not ask for it gets gzip/],
    ],
    [
      'an unknown encoding',
      bodies.checkResponseCompression,
      { proxy: compress('lzw', gzipSync) },
      [/^failure gzip response: the response in lzw is not/],
    ],
    [
      'broken gzip',
      bodies.checkResponseCompression,
      { proxy: compress('gzip', (body) => body) },
      [/^failure gzip response: the response in gzip/],
    ],
    [
      'no response at all',
      bodies.checkResponseCompression,
      { app: ({ socket }) => void socket.destroy() },
      [/^ok gzip response/],
    ],
    [
      'a proxy that rejects Expect',
      bodies.checkExpectation,
      {
        proxy: ({ headers }, response) => (headers.expect === undefined ? undefined : respond(response, 417)),
      },
      [/^warning Expect: 100-continue is not supported: got 417/],
    ],
    [
      'a proxy that passes the first of repeated headers on',
      transport.checkRepeatedHeaders,
      {
        proxy: ({ rawHeaders }) => {
          rawHeaders.splice(-2);
        },
      },
      [/^warning repeated headers: a proxy does not pass repeated headers on as they came: got 200/],
    ],
    [
      'a proxy that takes underscores for hyphens',
      transport.checkUnderscores,
      { proxy: renameHeaders((name) => name.replaceAll('_', '-')) },
      [/^failure X_CPG headers: .*got 401 "Malformed authentication headers".*underscores_in_headers off/],
    ],
    [
      'a proxy without HTTP/1.0',
      transport.checkHttp10,
      { app: (_, response) => void respond(response, 426) },
      [/^ok HTTP\/1.0: requests are rejected by a proxy: got 426/],
    ],
    [
      'a service without HTTP/1.0',
      transport.checkHttp10,
      { app: (_, response) => sendRejection(response, REJECTIONS.internal_server_error) },
      [/^warning HTTP\/1.0: requests are not accepted: got 500/],
    ],
    [
      'connections that close',
      transport.checkKeepAlive,
      { proxy: (_, response) => void response.setHeader('Connection', 'close') },
      [/^warning keep-alive: request 2 on one connection: the connection was closed without a response/],
    ],
    ['nothing wrong', transport.checkKeepAlive, NOTHING, [/^ok keep-alive/]],
    [
      'nothing wrong with interim responses',
      transport.checkKeepAlive,
      { proxy: (_, response) => response.writeEarlyHints({ link: '</a>; rel=preload' }) },
      [/^ok keep-alive/],
    ],
  ])('finds %s', async (_what, check, service, expected) => {
    count = 0;
    const found = await examine(check, service);
    expect(found).toEqual(expected.map((each) => expect.stringMatching(each)));
  });
});

/** Checks first, and remembers later. */
function createRacyStore(): CpgAuthOptions['store'] {
  const used = new Set<string>();
  return {
    admit: async ({ signature }) => {
      if (used.has(signature)) return 'replayed';
      await delay(200);
      used.add(signature);
      return 'admitted';
    },
  };
}

function createCache(): Proxy {
  const stored = new Set<string>();
  return ({ url = '' }, response) => {
    if (stored.has(url)) return respond(response, 200);
    stored.add(url);
    return false;
  };
}

/** Without `routes`: Express responds to unknown paths and methods. */
function createPlainApp(): RequestListener {
  const app = express();
  const keys = staticKeys([testKey()]);
  app.use('/v1', cpgAuth({ keys, store: memoryStore(), logger: recordingLogger() }));
  app.get('/v1/_ping', (_request, response) => {
    response.send('pong');
  });
  return app;
}

describe('encryption', () => {
  const examineUrl = async (url: string) =>
    (await transport.checkEncryption({ url: new URL(url) } as Examined)).map(format);

  it.each([
    ['http://127.0.0.1:8080', 'ok encryption: is not needed on loopback'],
    [
      'http://api.example.com',
      'warning encryption: requests and balances can be read on their way. Fix: https',
    ],
    ['https://api.example.com:8443', 'ok encryption: TLS'],
    ['https://cpg-doctor.invalid', 'ok encryption: plain HTTP is not served'],
  ])('of %s', async (url, expected) => {
    expect(await examineUrl(url)).toEqual([expected]);
  });

  it.each<readonly [string, RequestListener, RegExp]>([
    ['a redirect', (_, response) => void respond(response, 308), /^ok encryption: plain HTTP redirects/],
    [
      'the service',
      createApp(),
      /^failure encryption: plain HTTP is served on port \d+: got 401\. Fix: close the port/,
    ],
  ])('beside %s', async (_what, app, expected) => {
    const server = createServer(app);
    onTestFinished(() => void server.close());
    await listen(server);
    const origin = { hostname: '127.0.0.1', port: getPort(server), isTls: false };
    const url = new URL('https://127.0.0.1/v1/_ping');
    expect(format(await transport.checkPlainHttp(origin, url))).toMatch(expected);
  });
});
