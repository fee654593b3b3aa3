import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import type { Express, RequestHandler } from 'express';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { type CpgKey, type KeyStore, staticKeys } from '../keys/key-store.ts';
import { warnAboutSplitMemory } from '../service/gate.ts';
import { cpgAuth } from './cpg-auth.ts';

const served: RequestHandler = (request, response) => {
  response.json({ url: request.url });
};

describe.each(EXPRESS_VERSIONS)('mounting on %s', (_name, express) => {
  const auth = (keys: KeyStore = staticKeys([testKey()]), logger = recordingLogger()) => {
    const clock = () => NOW * 1000;
    return cpgAuth({ keys, store: memoryStore({ clock }), clock, logger });
  };

  const places: readonly (readonly [string, (app: Express) => void])[] = [
    ['at the root', (app) => app.use(auth(), served)],
    ["under app.use('/v1')", (app) => app.use('/v1', auth(), served)],
    [
      'in nested routers',
      (app) => {
        const inner = express.Router();
        inner.use('/b', auth(), served);
        app.use('/v1', express.Router().use('/a', inner));
      },
    ],
    ['in a sub-app', (app) => app.use('/v1', express().use('/a', auth(), served))],
    ['on a route', (app) => app.all('/v1/a/b', auth(), served)],
    [
      'behind a rewrite of req.url',
      (app) =>
        app.use(
          (request, _response, next) => {
            request.url = '/elsewhere?x=1';
            next();
          },
          auth(),
          served,
        ),
    ],
  ];

  it.each(places)('judges the original target %s', async (_where, mount) => {
    const app = express();
    mount(app);
    const port = await serve(app);
    const target = '/v1/a/b?q=1&q=2&a[b]=%20+';
    expect((await exchange(port, signedRequest({ target }))).status).toBe(200);
    const tampered = signedRequest({ target, sentTarget: '/v1/a/b?q=1&q=2&a[b]=%20%20' });
    expect((await exchange(port, tampered)).status).toBe(401);
  });

  describe('twice', () => {
    const clock = () => NOW * 1000;
    const create = () => ({ keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock });
    const showBody: RequestHandler = (request, response) => {
      response.json({ keyId: request.cpg?.keyId, body: request.body, raw: request.rawBody?.toString() });
    };
    const post = (body = '{"a":1}', parts: RequestParts = {}): RequestParts => ({
      ...{ method: 'POST', target: '/v1/x', body, ...parts },
    });
    const start = async (handlers: readonly RequestHandler[]) => {
      const app = express();
      for (const handler of handlers) app.use(handler);
      const port = await serve(app);
      return (parts: RequestParts = post()) => exchange(port, signedRequest(parts));
    };
    const served = '{"keyId":"ck_full","body":{"a":1},"raw":"{\\"a\\":1}"}';

    it('admits a request once: the same middleware, the same options, other options with the same stores', async () => {
      const options = create();
      const auth = cpgAuth(options);
      const traces: unknown[] = [];
      const others = { storeTimeoutMs: 5, bodyTimeoutMs: 5, explain: true, trace: () => traces.push(1) };
      const send = await start([auth, auth, cpgAuth(options), cpgAuth({ ...options, ...others }), showBody]);
      const response = await send();
      expect([response.status, response.body]).toEqual([200, served]);
      expect([options.store.size, traces]).toEqual([1, []]);
      expect((await send()).status).toBe(401);
    });

    it('in the app and in a router of it, and in a sub-app', async () => {
      const options = create();
      const inner = express.Router().use('/x', cpgAuth(options), showBody);
      const sub = express().use('/y', cpgAuth(options), showBody);
      const app = express().use(cpgAuth(options)).use('/v1', inner).use('/v1', sub);
      const port = await serve(app);
      for (const target of ['/v1/x', '/v1/y']) {
        expect((await exchange(port, signedRequest(post(undefined, { target })))).body).toBe(served);
      }
    });

    it('leaves what is between them as it is', async () => {
      const options = create();
      const replace: RequestHandler = (request, _response, next) => {
        request.body = 'replaced';
        Object.assign(request, { cpg: { ...request.cpg, keyId: 'narrowed' } });
        next();
      };
      const send = await start([cpgAuth(options), replace, cpgAuth(options), showBody]);
      expect((await send()).body).toBe('{"keyId":"narrowed","body":"replaced","raw":"{\\"a\\":1}"}');
    });

    it('parses the body for the second if the first left it alone', async () => {
      const options = create();
      const bytesOnly = cpgAuth({ ...options, json: false });
      const send = await start([bytesOnly, bytesOnly, cpgAuth(options), cpgAuth(options), showBody]);
      expect((await send()).body).toBe(served);
      expect((await send(post('{'))).body).toBe('{"success":false,"message":"Malformed JSON body"}');
    });

    it('applies the stricter body limit of the second, also of a route', async () => {
      const options = create();
      const strict = { method: 'POST', path: '/v1/strict', bodyLimit: 5 };
      const second = cpgAuth({ ...options, bodyLimit: 10, routes: [strict] });
      const send = await start([cpgAuth(options), second, showBody]);
      const body = (bytes: number) => `"${'a'.repeat(bytes - 2)}"`;
      expect((await send(post(body(10)))).status).toBe(200);
      expect((await send(post(body(11)))).status).toBe(413);
      expect((await send(post(body(5), { target: '/v1/strict' }))).status).toBe(200);
      expect((await send(post(body(6), { target: '/v1/strict' }))).status).toBe(413);
    });

    const rule = { method: 'POST', path: '/v1/x', rateLimitPerMinute: 2 };
    it.each<[string, object, object]>([
      ['key store', {}, { keys: staticKeys([testKey()]) }],
      ['admission store', {}, { store: memoryStore({ clock }) }],
      ['signed target', {}, { basePath: '/api' }],
      ['signed target', {}, { originalTarget: () => '/v1/other' }],
      ['rate limit of the route', {}, { routes: [rule] }],
      ['rate limit of the route', { routes: [rule] }, { routes: [{ ...rule, rateLimitPerMinute: 1 }] }],
      ['rate limit of the route', { routes: [rule] }, { routes: [{ ...rule, path: '/v1/{id}' }] }],
    ])('fails with another %s: it must not be skipped', async (difference, firstOptions, secondOptions) => {
      const logger = recordingLogger();
      const options = { ...create(), logger };
      const second = cpgAuth({ ...options, ...secondOptions });
      const send = await start([cpgAuth({ ...options, ...firstOptions }), second, showBody]);
      expect((await send()).status).toBe(500);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['mounted_twice']);
      expect(logger.lines[0]?.message).toContain(`A second cpgAuth, with another ${difference}, received`);
    });

    it('accepts the same rate limit in both, and counts it once', async () => {
      const options = { ...create(), routes: [rule] };
      const send = await start([cpgAuth(options), cpgAuth(options), showBody]);
      const at = (timestamp: number) => send(post(undefined, { timestamp }));
      expect([(await at(NOW)).status, (await at(NOW + 1)).status, (await at(NOW + 2)).status]).toEqual([
        200, 200, 429,
      ]);
    });

    it.each<[string, RequestHandler]>([
      [
        'req.cpg by hand',
        (request, _response, next) => {
          request.cpg = { keyId: 'ck_full', accountId: 'a', permissions: ['withdraw'], timestamp: NOW };
          next();
        },
      ],
      [
        'req.cpg on the prototype of the request',
        (request, _response, next) => {
          const cpg = { keyId: 'ck_full', accountId: 'a', permissions: [], timestamp: NOW };
          Object.setPrototypeOf(
            request,
            Object.create(Object.getPrototypeOf(request), { cpg: { value: cpg } }),
          );
          next();
        },
      ],
    ])('cannot be faked with %s', async (_what, forge) => {
      const logger = recordingLogger();
      const send = await start([forge, cpgAuth({ ...create(), logger }), showBody]);
      expect((await send(post(undefined, { secret: 'other' }))).status).toBe(500);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['mounted_twice']);
    });

    it('fails if the method was overridden between them', async () => {
      const logger = recordingLogger();
      const options = { ...create(), logger };
      const override: RequestHandler = (request, _response, next) => {
        request.method = 'DELETE';
        next();
      };
      const send = await start([cpgAuth(options), override, cpgAuth(options), showBody]);
      expect((await send()).status).toBe(500);
      expect(logger.lines[0]?.message).toContain('with another method');
    });
  });

  describe('source addresses', () => {
    const start = async (
      key: Partial<CpgKey>,
      trust?: unknown,
      createKeys = (all: CpgKey[]) => staticKeys(all),
    ) => {
      const logger = recordingLogger();
      const app = express();
      if (trust !== undefined) app.set('trust proxy', trust);
      app.use('/v1', auth(createKeys([testKey(key), testKey({ keyId: 'ck_open' })]), logger), served);
      const port = await serve(app);
      return { logger, send: (parts: RequestParts) => exchange(port, signedRequest(parts)) };
    };
    const listed = { sourceIps: ['203.0.113.0/24'] };

    it.each([
      { 'X-Forwarded-For': '203.0.113.9' },
      { 'X-Real-IP': '203.0.113.9' },
      { Forwarded: 'for=203.0.113.9' },
      { 'X-Client-IP': '203.0.113.9', 'CF-Connecting-IP': '203.0.113.9', 'True-Client-IP': '203.0.113.9' },
    ])('believes no header %j', async (headers) => {
      const { send } = await start(listed);
      expect((await send({ headers: headers as unknown as Record<string, string> })).status).toBe(403);
    });

    it('takes the address from a trusted proxy, and none to the left of it', async () => {
      const { send } = await start(listed, 1);
      expect((await send({ headers: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(200);
      const spoofed = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.1' };
      expect((await send({ timestamp: NOW + 1, headers: spoofed })).status).toBe(403);
      const mapped = { 'X-Forwarded-For': '::ffff:203.0.113.9' };
      expect((await send({ timestamp: NOW + 2, headers: mapped })).status).toBe(200);
    });

    it('rejects every request with a whitelist among the keys and trust proxy: true', async () => {
      const { send, logger } = await start(listed, true);
      expect((await send({ keyId: 'ck_open' })).status).toBe(500);
      expect((await send({ headers: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(500);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['permissive_trust_proxy']);
    });

    it('finds the same when only the key store knows', async () => {
      const { send, logger } = await start(listed, true, (all) => ({
        find: (keyId) => all.find((key) => key.keyId === keyId),
      }));
      expect((await send({ keyId: 'ck_open' })).status).toBe(200);
      expect((await send({ headers: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(500);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['permissive_trust_proxy']);
    });

    it('rejects an invalid address, such as one with a port', async () => {
      const { send, logger } = await start(listed, 1);
      expect((await send({ headers: { 'X-Forwarded-For': '203.0.113.9:443' } })).status).toBe(500);
      expect(logger.lines[0]?.fields.code).toBe('unusable_client_ip');
      expect(logger.lines[0]?.message).toContain('got "203.0.113.9:443"');
    });
  });
});

describe('warnAboutSplitMemory', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('warns of a memory store in one of several processes only', () => {
    const logger = recordingLogger();
    warnAboutSplitMemory(memoryStore(), logger);
    expect(logger.lines).toEqual([]);
    vi.stubEnv('NODE_APP_INSTANCE', '1');
    warnAboutSplitMemory({ admit: () => 'admitted' }, logger);
    expect(logger.lines).toEqual([]);
    warnAboutSplitMemory(memoryStore(), logger);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { code: 'memory_store_in_cluster' } }]);
  });
});
