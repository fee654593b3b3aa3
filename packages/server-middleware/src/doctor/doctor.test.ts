import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describeWithProgram } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { RedisServer } from '@cpg/test-support/redis';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  type RequestParts,
  recordingLogger,
  SECRET,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import express, { type Express, type RequestHandler } from 'express';
import { createClient } from 'redis';
import { describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { redisStore } from '../admission/redis/redis-store.ts';
import { type CpgAuthOptions, cpgAuth } from '../express/cpg-auth.ts';
import { staticKeys } from '../keys/key-store.ts';
import { doctor } from './doctor.ts';

describe.each(EXPRESS_VERSIONS)('doctor on %s', (_name, expressVersion) => {
  const createApp = (
    options: Partial<CpgAuthOptions> = {},
    before: readonly RequestHandler[] = [],
  ): Express => {
    const app = expressVersion();
    if (before.length > 0) app.use(...before);
    const keys = staticKeys([testKey()]);
    app.use('/v1', cpgAuth({ keys, store: memoryStore(), logger: recordingLogger(), ...options }));
    app.use('/v1/_ping', (_request, response) => {
      response.json({});
    });
    return app;
  };

  const examine = async (app: RequestListener | Server, timeoutMs = 10_000) => {
    const lines: string[] = [];
    const report = await doctor(app, {
      keyId: 'ck_full',
      secret: SECRET,
      timeoutMs,
      print: (line) => lines.push(line),
    });
    const ill = report.findings.filter(({ status }) => status !== 'ok').map(({ check }) => check);
    return { ...report, lines, ill };
  };

  it('finds nothing wrong with an app that is right', async () => {
    const { isHealthy, ill, lines } = await examine(createApp());
    expect([isHealthy, ill]).toEqual([true, []]);
    expect(lines.map((line) => line.slice(0, 25).trim())).toEqual([
      'ok       trust proxy',
      'ok       authentication',
      'ok       replay',
      'ok       clock',
      'ok       parser order',
      'ok       compression',
      'ok       body limit',
      'ok       key store',
      'ok       admission store',
    ]);
  });

  it('reports that no cpgAuth is mounted on the path', async () => {
    const { isHealthy, lines } = await examine(expressVersion());
    expect(isHealthy).toBe(false);
    expect(lines.at(-1)).toBe(
      'failure  authentication   got 404, but not from cpgAuth. Is it mounted on this path?',
    );
  });

  it.each<readonly [string, () => Express, readonly string[], number]>([
    [
      'a parser in front',
      () => createApp({}, [express.json()]),
      ['parser order', 'compression', 'body limit'],
      2_000,
    ],
    ['a store that forgets', () => createApp({ store: { admit: () => 'admitted' } }), ['replay'], 10_000],
    [
      'a clock ten minutes off',
      () => createApp({ clock: () => Date.now() - 600_000 }),
      ['authentication'],
      10_000,
    ],
    ['a clock a minute off', () => createApp({ clock: () => Date.now() + 60_000 }), ['clock'], 10_000],
    [
      'a slow key store',
      () =>
        createApp({
          keys: {
            find: async () => {
              await delay(110);
              return testKey();
            },
          },
        }),
      ['key store'],
      10_000,
    ],
  ])('finds %s', async (_what, app, expected, timeoutMs) => {
    // A parser in front waits for the whole of a body that never comes.
    expect((await examine(app(), timeoutMs)).ill).toEqual(expected);
  });

  it.each<readonly [unknown, string, string]>([
    [true, 'failure', 'trusts public addresses as proxies: every client can choose its address. Fix: name'],
    [() => true, 'failure', 'trusts public addresses as proxies: every'],
    [10, 'failure', 'trusts more than 5 proxies: every client'],
    ['0.0.0.0/1,128.0.0.0/1', 'failure', 'trusts public addresses as proxies: every'],
    [1, 'ok     ', 'is limited to named proxies'],
    ['loopback', 'ok     ', 'is limited to named proxies'],
  ])('judges trust proxy %s', async (setting, status, detail) => {
    const app = createApp();
    app.set('trust proxy', setting);
    expect((await examine(app)).lines[0]).toContain(`${status}  trust proxy      ${detail}`);
  });

  it('examines any other listener, which has no setting for proxies', async () => {
    const app = createApp();
    const listeners = [
      Object.assign((...given: Parameters<RequestListener>) => app(...given), { settings: {} }),
      Object.assign((...given: Parameters<RequestListener>) => app(...given), { settings: {}, get: 1 }),
    ];
    for (const listener of listeners) {
      expect((await examine(listener)).lines[0]).toMatch(/^ok {7}authentication/);
    }
  });

  it('prints to standard output when it is told nothing else', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await doctor(express(), { keyId: 'ck_full', secret: SECRET });
    const printed = write.mock.calls.map(([text]) => text);
    write.mockRestore();
    expect(printed[0]).toBe(
      'ok       trust proxy      is off: the client address is that of the connection\n',
    );
  });

  it.each<readonly [string, RequestParts]>([
    ['authenticated', {}],
    ['replayed', { timestamp: Math.floor(Date.now() / 1000) }],
    ['forged', { secret: 'another' }],
    ['compressed', { headers: { 'Content-Encoding': 'gzip' } }],
  ])('tells its probes from %s requests with the same key at the same time', async (_what, parts) => {
    const port = await serve(createApp());
    let sent = 0;
    // Every probe waits between its decision and its response for the decision about another request.
    const overtaken: RequestHandler = (_request, response, next) => {
      const end = response.end.bind(response) as (...given: unknown[]) => unknown;
      response.end = ((...given: unknown[]) => {
        sent += 1;
        const timestamp = Math.floor(Date.now() / 1000) - sent;
        exchange(port, signedRequest({ timestamp, ...parts })).then(() => end(...given));
        return response;
      }) as never;
      next();
    };
    expect((await examine(createApp({}, [overtaken]))).ill).toEqual([]);
    expect(sent).toBe(7);
  });

  it('is not disturbed by a request of the same second', async () => {
    const app = createApp();
    const port = await serve(app);
    const timestamp = Math.floor(Date.now() / 1000);
    for (const offset of [0, 1, 2]) {
      const sent = signedRequest({ timestamp: timestamp + offset, headers: { Connection: 'close' } });
      expect((await exchange(port, sent)).status).toBe(200);
    }
    expect((await examine(app)).ill).toEqual([]);
  });

  it('says that a middleware in front of cpgAuth loses the async context', async () => {
    const waiting: (() => void)[] = [];
    const timer = setInterval(() => waiting.pop()?.(), 5);
    const { lines } = await examine(createApp({}, [(_request, _response, next) => void waiting.push(next)]));
    clearInterval(timer);
    expect(lines.at(-1)).toBe(
      'failure  authentication   got 200, but not from cpgAuth. Is it mounted on this path? Or does a middleware in front of it lose the AsyncLocalStorage context?',
    );
  });

  it('examines a server of node:http, which has no setting for proxies', async () => {
    const { lines } = await examine(createServer(createApp()));
    expect(lines.map((line) => line.slice(9, 25).trim())).toEqual([
      'authentication',
      'replay',
      'clock',
      'parser order',
      'compression',
      'body limit',
      'key store',
      'admission store',
    ]);
  });

  it('names a used-up quota instead of a wrong clock', async () => {
    const keys = staticKeys([testKey({ rateLimitPerMinute: 2 })]);
    const { lines } = await examine(createApp({ keys }));
    expect(lines.find((line) => line.includes('clock'))).toBe(
      "failure  clock            must be within 10 s of this machine's: got 429, outcome rate_limit_exceeded",
    );
  });

  it('reports a missing response', async () => {
    const destroying: RequestHandler = (request) => request.socket.destroy();
    const { lines } = await examine(createApp({}, [destroying]));
    expect(lines.at(-1)).toBe('failure  authentication   there was no response in time');
  });
});

describeWithProgram('redis-server', 'doctor with the store of an app', () => {
  it('reports how Redis is configured, or that it could not find out', async () => {
    const redis = await RedisServer.start(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
    await client.connect();
    const store = redisStore(client);
    const app = express();
    app.use('/v1', cpgAuth({ keys: staticKeys([testKey()]), store, logger: recordingLogger() }));
    const options = { keyId: 'ck_full', secret: SECRET, store, print: () => {} };
    const { isHealthy, findings } = await doctor(app, options);
    expect(isHealthy).toBe(false);
    expect(findings.filter(({ check }) => check.startsWith('redis')).map(({ status }) => status)).toEqual([
      'failure',
      'warning',
      'ok',
      'ok',
    ]);
    const inspect = () => Promise.reject(new Error('The connection is closed.'));
    const broken = await doctor(app, { ...options, store: { inspect } });
    expect(broken.findings.at(-1)).toEqual({
      check: 'store',
      status: 'failure',
      detail: 'could not be inspected: The connection is closed.',
    });
    await client.close();
    await redis.stop();
  });
});
