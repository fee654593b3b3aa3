import { describeWithProgram } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { RedisServer } from '@cpg/test-support/redis';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import { recordingLogger, serve } from '@cpg/test-support/server-middleware/fixtures';
import { REDIS_LIBRARIES } from '@cpg/test-support/server-middleware/redis';
import type { Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { describe, expect, it } from 'vitest';
import { type IpBackstopOptions, ipBackstop } from './ip-backstop.ts';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

const createStore = (increment: Store['increment']): Store => ({
  increment,
  decrement: () => {},
  resetKey: () => {},
});

describe.each(EXPRESS_VERSIONS)('ipBackstop on %s', (_name, express) => {
  const start = (options: IpBackstopOptions) => {
    const app = express();
    app.use(ipBackstop({ logger: recordingLogger(), ...options }));
    app.use((_request, response) => {
      response.send('served');
    });
    return serve(app);
  };

  it('responds with 429 and the documented headers, and to other requests without them', async () => {
    const port = await start({ limitPerMinute: 2 });
    const served = [await exchange(port, GET), await exchange(port, GET)];
    const rejected = await exchange(port, GET);
    expect(served.map(({ status }) => status)).toEqual([200, 200]);
    expect(Object.keys(served[1]?.headers ?? {}).filter((name) => /retry|ratelimit/i.test(name))).toEqual([]);
    expect(rejected.status).toBe(429);
    expect(rejected.body).toBe('{"success":false,"message":"Too many requests from this IP"}');
    expect(rejected.headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0' });
    expect(rejected.headers['retry-after']).toMatch(/^([1-9]|[1-5][0-9]|60)$/);
    const reset = Number(rejected.headers['x-ratelimit-reset']) - Date.now() / 1000;
    expect(reset).toBeGreaterThan(0);
    expect(reset).toBeLessThanOrEqual(61);
  });

  it('ignores forwarding headers unless Express trusts the proxy', async () => {
    const port = await start({ limitPerMinute: 1 });
    const from = (address: string) =>
      exchange(
        port,
        `GET / HTTP/1.1\r\nHost: x\r\nForwarded: for=${address}\r\nX-Real-IP: ${address}\r\n\r\n`,
      );
    expect((await from('203.0.113.1')).status).toBe(200);
    expect((await from('203.0.113.2')).status).toBe(429);
  });

  it('says a whole window when the store does not know the end of it', async () => {
    const port = await start({ store: createStore(() => ({ totalHits: 601, resetTime: undefined })) });
    expect((await exchange(port, GET)).headers['retry-after']).toBe('60');
  });

  it.each([
    ['fails', createStore(() => Promise.reject(new Error('down'))), 'store_unavailable'],
    ['hangs', createStore(() => new Promise(() => {})), 'store_deadline'],
  ])('responds with 503 when the store %s', async (_what, store, code) => {
    const logger = recordingLogger();
    const port = await start({ store, logger, storeTimeoutMs: 20 });
    const response = await exchange(port, GET);
    expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual([code]);
  });

  describeWithProgram('redis-server', 'with a Redis store', () => {
    it('shares the count between processes', async () => {
      const server = await RedisServer.start();
      const { command, close } = await REDIS_LIBRARIES[0][1](server.port);
      const store = () => new RedisStore({ sendCommand: (...args) => command(...args) as Promise<string> });
      const first = await start({ limitPerMinute: 1, store: store() });
      const second = await start({ limitPerMinute: 1, store: store() });
      expect((await exchange(first, GET)).status).toBe(200);
      expect((await exchange(second, GET)).status).toBe(429);
      close();
      await server.stop();
    });

    it.each(REDIS_LIBRARIES)(
      'counts with the documented rights, and is 503 without one, on %s',
      async (_name, open) => {
        const server = await RedisServer.start();
        const { command: administer, close: closeAdmin } = await REDIS_LIBRARIES[0][1](server.port);
        const allow = (...rights: string[]) =>
          administer('ACL', 'SETUSER', 'app', 'reset', 'on', '>app', '~rl:*', ...rights);
        await allow('+evalsha', '+script|load', '+pttl', '+set', '+incr');
        const { command, close } = await open(server.port, { username: 'app', password: 'app' });
        const store = new RedisStore({ sendCommand: (...args) => command(...args) as Promise<string> });
        const logger = recordingLogger();
        const port = await start({ limitPerMinute: 2, store, logger });
        const send = async () => (await exchange(port, GET)).status;
        expect([await send(), await send(), await send()]).toEqual([200, 200, 429]);
        await allow('+evalsha', '+script|load', '+pttl', '+set');
        expect([await send(), await send(), await send()]).toEqual([503, 503, 503]);
        expect(logger.lines[0]?.message).toContain(
          'the Redis user needs +evalsha +script|load +pttl +set +incr',
        );
        close();
        closeAdmin();
        await server.stop();
      },
    );
  });
});
