import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { defineEndpoint, endpoints, NO_PARAMETERS } from '@cpg/protocol';
import { exchange, RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { type CpgAuthOptions, cpgAuth } from './cpg-auth.ts';
import { errorHandler } from './error-handler.ts';
import { requirePermission } from './require-permission.ts';
import { route, routes } from './routes.ts';

const response = z.object({ success: z.literal(true), message: z.string(), data: z.unknown() });
const upload = defineEndpoint({
  name: 'uploads.create',
  summary: 'Upload',
  method: 'POST',
  path: '/v1/uploads/{name}',
  permission: 'uploads:write',
  pathParameters: z.object({ name: z.string() }),
  query: z.object({ tag: z.string().optional() }),
  body: z.looseObject({}),
  response,
});
const removeUpload = defineEndpoint({
  ...upload,
  name: 'uploads.delete',
  method: 'DELETE',
  query: NO_PARAMETERS,
  body: null,
});

const TOO_LARGE = [413, 'Request body is too large'];
const LIMITED = [429, 'Rate limit exceeded'];
const INVALID = [401, 'Invalid signature'];
const FAILED = [500, 'Internal server error'];
const jsonOf = (bytes: number) => `"${'a'.repeat(bytes - 2)}"`;

const KEYS = [
  testKey({ permissions: ['uploads:write', 'withdraw'] }),
  testKey({ keyId: 'ck_none', permissions: [] }),
  testKey({ keyId: 'ck_small', permissions: ['uploads:write'], bodyLimit: 10 }),
  testKey({ keyId: 'ck_slow', permissions: ['uploads:write'], rateLimitPerMinute: 3 }),
];
const clock = () => NOW * 1000;
const showRequest: RequestHandler = (request, response) => {
  response.json({ message: { url: request.url, keyId: request.cpg?.keyId, body: request.body } });
};

describe.each(EXPRESS_VERSIONS)('an own API on %s', (name, express) => {
  const defaults = () => ({ keys: staticKeys(KEYS), store: memoryStore({ clock }), clock });

  /** Serves handlers; `send` returns the status and the message. */
  const start = async (handlers: readonly RequestHandler[]) => {
    const logger = recordingLogger();
    const app = express();
    for (const handler of handlers) app.use(handler);
    app.use(errorHandler({ logger }));
    const port = await serve(app);
    const send = async (parts: RequestParts) => {
      const { status, body } = await exchange(port, signedRequest(parts));
      return [status, JSON.parse(body).message];
    };
    return { send, logger };
  };

  describe('limits of a route', () => {
    const list = (limits: Parameters<typeof route>[2]) => [
      route(upload, () => null, limits),
      route(removeUpload, () => null),
    ];
    const startWith = async (limits: Parameters<typeof route>[2], options: Partial<CpgAuthOptions> = {}) => {
      const api = list(limits);
      return start([cpgAuth({ ...defaults(), routes: api, ...options }), routes(api)]);
    };
    const post = (bytes: number, parts: RequestParts = {}): RequestParts => ({
      method: 'POST',
      target: '/v1/uploads/a',
      body: `{"a":${jsonOf(bytes - 6)}}`,
      ...parts,
    });

    it('allow a larger body on that route and method only, also to the byte', async () => {
      const { send } = await startWith({ bodyLimit: 200 }, { bodyLimit: 100 });
      expect(await send(post(200))).toEqual([200, 'OK']);
      expect(await send(post(201))).toEqual(TOO_LARGE);
      expect(await send(post(101, { target: '/v1/elsewhere' }))).toEqual(TOO_LARGE);
      expect(await send(post(101, { method: 'DELETE' }))).toEqual(TOO_LARGE);
      expect(await send(post(101, { method: 'PUT' }))).toEqual(TOO_LARGE);
    });

    it('allow a smaller one', async () => {
      const { send } = await startWith({ bodyLimit: 50 }, { bodyLimit: 100 });
      expect(await send(post(51))).toEqual(TOO_LARGE);
      expect(await send(post(50))).toEqual([200, 'OK']);
      expect(await send(post(100, { method: 'DELETE' }))).toEqual([200, 'OK']);
    });

    it('count each key by itself, and neither what is rejected nor other routes', async () => {
      const { send } = await startWith({ rateLimitPerMinute: 2 });
      const from = (keyId: string, timestamp: number, parts: RequestParts = {}) =>
        send(post(20, { keyId, timestamp, ...parts }));
      expect(await from('ck_full', NOW)).toEqual([200, 'OK']);
      expect((await from('ck_full', NOW))[0]).toBe(401);
      expect(await from('ck_full', NOW + 1)).toEqual([200, 'OK']);
      expect(await from('ck_full', NOW + 2, { target: '/v1/uploads/b' })).toEqual(LIMITED);
      expect(await from('ck_full', NOW + 2, { method: 'DELETE' })).toEqual([200, 'OK']);
      expect(await from('ck_slow', NOW)).toEqual([200, 'OK']);
    });

    it('respond with the 429 of the wire protocol, and leave the signature unused', async () => {
      let now = NOW;
      const options = { store: memoryStore({ clock: () => now * 1000 }), clock: () => now * 1000 };
      const api = list({ rateLimitPerMinute: 1 });
      const app = express();
      app.use(cpgAuth({ ...defaults(), ...options, routes: api }), routes(api));
      const port = await serve(app);
      const request = (timestamp: number) => signedRequest(post(20, { timestamp }));
      expect((await exchange(port, request(NOW))).status).toBe(200);
      const limited = await exchange(port, request(NOW + 1));
      expect([limited.status, limited.body]).toEqual([
        429,
        '{"success":false,"message":"Rate limit exceeded"}',
      ]);
      expect(Object.keys(limited.headers).filter((name) => /retry|ratelimit/.test(name))).toEqual([]);
      now += 60;
      expect((await exchange(port, request(NOW + 1))).status).toBe(200);
    });

    it('are on top of the limit of the key, to which every route counts', async () => {
      const { send } = await startWith({ rateLimitPerMinute: 2 });
      const slow = (timestamp: number, method: string) =>
        send(post(20, { keyId: 'ck_slow', timestamp, method }));
      expect(await slow(NOW, 'POST')).toEqual([200, 'OK']);
      expect(await slow(NOW, 'DELETE')).toEqual([200, 'OK']);
      expect(await slow(NOW + 1, 'DELETE')).toEqual([200, 'OK']);
      expect(await slow(NOW + 1, 'POST')).toEqual(LIMITED);
    });

    it('apply to handlers of Express by a rule', async () => {
      const rule = { method: 'POST', path: '/v1/files/{name}', bodyLimit: 200, rateLimitPerMinute: 1 };
      const { send } = await start([
        cpgAuth({ ...defaults(), bodyLimit: 20, routes: [rule, route(upload, () => null)] }),
        showRequest,
      ]);
      const file = (bytes: number, timestamp = NOW) =>
        send({ method: 'POST', target: '/v1/files/x?y', body: jsonOf(bytes), timestamp });
      expect((await file(200))[0]).toBe(200);
      expect(await file(201)).toEqual(TOO_LARGE);
      expect(await file(199, NOW + 1)).toEqual(LIMITED);
      expect(await send({ method: 'POST', target: '/v1/files', body: jsonOf(30) })).toEqual(TOO_LARGE);
    });

    it.each([
      ['POST', '/V1/Files/X'],
      ['POST', '/v1/files/x/'],
      ['GET', '/v1/reports'],
      ['HEAD', '/v1/reports'],
    ])('cannot be evaded where Express serves another spelling: %s %s', async (method, target) => {
      const rules = [
        { method: 'POST', path: '/v1/files/{Name}', rateLimitPerMinute: 0 },
        { method: 'GET', path: '/v1/Reports/', rateLimitPerMinute: 0 },
      ];
      const app = express();
      app.use(cpgAuth({ ...defaults(), routes: rules }));
      app.post('/v1/files/:name', showRequest);
      app.get('/v1/reports', showRequest);
      const port = await serve(app);
      // Not through an HTTP parser: a response to HEAD declares a body that it does not have.
      const socket = connect(port, '127.0.0.1');
      socket.end(signedRequest({ method, target, headers: { Connection: 'close' } }));
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 429 /);
    });

    it.each([
      ['leaves them out', []],
      ['has other ones', [route(upload, () => null, { bodyLimit: 1000, rateLimitPerMinute: 9 })]],
    ])('fail when cpgAuth %s', async (_what, known) => {
      const logger = recordingLogger();
      const { send } = await start([
        cpgAuth({ ...defaults(), routes: known }),
        routes(list({ bodyLimit: 1000 }), { logger }),
      ]);
      expect(await send(post(20))).toEqual(FAILED);
      expect(logger.lines[0]?.fields.code).toBe('limits_not_applied');
      expect(logger.lines[0]?.message).toContain('POST /v1/uploads/{name} has other limits in routes(list)');
      expect(await send(post(20, { method: 'DELETE' }))).toEqual([200, 'OK']);
    });

    it('apply once in cpgAuth, by a rule, for an endpoint without', async () => {
      const rule = { method: 'POST', path: '/v1/uploads/{name}', bodyLimit: 30 };
      const { send } = await start([cpgAuth({ ...defaults(), routes: [rule] }), routes(list(undefined))]);
      expect(await send(post(30))).toEqual([200, 'OK']);
      expect(await send(post(31))).toEqual(TOO_LARGE);
    });

    it('give a body more or less time', async () => {
      const late = async (limits: Parameters<typeof route>[2], bodyTimeoutMs: number) => {
        const api = list(limits);
        const app = express();
        app.use(cpgAuth({ ...defaults(), routes: api, bodyTimeoutMs }), routes(api));
        const connection = new RawConnection(await serve(app));
        const bytes = signedRequest(post(20));
        await connection.write(bytes.subarray(0, -1));
        const isWaiting = bodyTimeoutMs < 1000;
        if (isWaiting) {
          await delay(10 * bodyTimeoutMs);
          await connection.write(bytes.subarray(-1));
        }
        const received = await connection.readResponse();
        connection.close();
        return received?.status;
      };
      expect(await late({ bodyTimeoutMs: 60_000 }, 20)).toBe(200);
      expect(await late({ bodyTimeoutMs: 20 }, 60_000)).toBe(408);
    });

    it('fit into the memory of pending bodies', () => {
      const create = (options: Partial<CpgAuthOptions>) => () => cpgAuth({ ...defaults(), ...options });
      const message =
        'cpgAuth: maxPendingBytes must be at least 100000000, the largest bodyLimit of cpgAuth and its routes: got 67108864.';
      expect(create({ routes: list({ bodyLimit: 100_000_000 }) })).toThrow(message);
      expect(create({ bodyLimit: 100_000_000 })).toThrow(message);
      expect(
        create({ routes: list({ bodyLimit: 100_000_000 }), maxPendingBytes: 100_000_000 }),
      ).not.toThrow();
    });

    it('need a store that counts routes', () => {
      const store = { admit: () => 'admitted' as const };
      const create = (limits: Parameters<typeof route>[2]) => () =>
        cpgAuth({ ...defaults(), store, routes: list(limits) });
      expect(create({ bodyLimit: 1 })).not.toThrow();
      expect(create({ rateLimitPerMinute: 1 })).toThrow('the admission store does not count routes');
    });

    it.each([
      [{ bodyLimit: 0 }, 'route: bodyLimit must be a positive whole number: got 0.'],
      [{ rateLimitPerMinute: -1 }, 'route: rateLimitPerMinute must be a whole number, 0 or more: got -1.'],
      [{ limit: 1 }, 'route: there is no option "limit". Did you mean "bodyLimit"?'],
    ])('are checked: %j', (limits, message) => {
      expect(() => route(upload, () => null, limits as object)).toThrow(message);
    });

    it.each([
      [{ method: 'post', path: '/x' }, 'cpgAuth: routes 0: method must be a method in capitals'],
      [{ method: 'GET', path: 'x' }, 'cpgAuth: routes 0: path must be a path such as /v1/invoices/'],
      [{ method: 'GET', path: '/x/:id' }, 'with at most one parameter in a segment, in braces: got "/x/:id"'],
      [{ method: 'GET', path: '/x/{a}-{b}' }, 'cpgAuth: routes 0: path must be a path such as'],
      [{ method: 'GET', path: '/x', permission: 'withdrw' }, 'permission must be "withdraw", or,'],
      [{ method: 'GET', path: '/x', bodyLimits: 1 }, 'Did you mean "bodyLimit"?'],
      [{ method: 'GET' }, 'cpgAuth: routes must be a list of routes'],
    ])('are checked in rules: %j', (rule, message) => {
      expect(() => cpgAuth({ ...defaults(), routes: [rule as never] })).toThrow(message);
      const twice = { method: 'POST', path: upload.path };
      for (const other of [twice, route(upload, () => null)]) {
        expect(() => cpgAuth({ ...defaults(), routes: [twice, other] })).toThrow('has two handlers');
      }
    });
  });

  describe('the body limit of a key', () => {
    const post = (keyId: string, bytes: number, parts: RequestParts = {}): RequestParts => ({
      ...{ method: 'POST', target: '/v1/x', keyId, body: jsonOf(bytes), ...parts },
    });

    it('applies below the limit of cpgAuth, and uses up nothing', async () => {
      const store = memoryStore({ clock });
      const { send } = await start([cpgAuth({ ...defaults(), store, bodyLimit: 100 }), showRequest]);
      expect((await send(post('ck_small', 10)))[0]).toBe(200);
      expect(await send(post('ck_small', 11))).toEqual(TOO_LARGE);
      expect((await send(post('ck_full', 11)))[0]).toBe(200);
      expect(store.size).toBe(2);
    });

    it('does not reveal which keys exist: without the secret every key is the same', async () => {
      const { send } = await start([cpgAuth({ ...defaults(), bodyLimit: 100 }), showRequest]);
      for (const keyId of ['ck_small', 'ck_full', 'ck_nobody']) {
        for (const [bytes, expected] of [
          [11, INVALID],
          [101, TOO_LARGE],
        ] as const) {
          expect([keyId, await send(post(keyId, bytes, { secret: 'other' }))]).toEqual([keyId, expected]);
        }
      }
    });
  });

  describe('a malformed JSON body', () => {
    const broken: RequestParts = { method: 'POST', target: '/v1/uploads/a', body: '{' };
    const MALFORMED = [400, 'Malformed JSON body'];
    const missing = (permission: string) => [403, `API key lacks the required permission: ${permission}`];

    it.each(['known to cpgAuth', 'passed to routes only'])(
      'is rejected after the permission of an endpoint that is %s',
      async (what) => {
        const api = [route(upload, () => null)];
        const options = what.startsWith('known') ? { routes: api } : {};
        const { send } = await start([cpgAuth({ ...defaults(), ...options }), routes(api)]);
        expect(await send({ ...broken, keyId: 'ck_none' })).toEqual(missing('uploads:write'));
        expect(await send(broken)).toEqual(MALFORMED);
        expect(await send({ ...broken, target: '/v1/other', keyId: 'ck_none' })).toEqual(MALFORMED);
      },
    );

    it('is ignored by a known endpoint without body, and comes after 405', async () => {
      const api = [route(upload, () => null), route(removeUpload, () => null)];
      const { send } = await start([cpgAuth({ ...defaults(), routes: api }), routes(api)]);
      expect(await send({ ...broken, method: 'DELETE' })).toEqual([200, 'OK']);
      expect(await send({ ...broken, method: 'PUT' })).toEqual([405, 'Method not allowed']);
    });

    it('is rejected after the permission of a rule', async () => {
      const rules = [
        { method: 'POST', path: '/v1/files', permission: 'withdraw' },
        { method: 'PUT', path: '/v1/files', permission: null },
        { method: 'GET', path: '/v1/files', permission: 'withdraw' },
        { method: 'PATCH', path: '/v1/files' },
      ] as const;
      const { send } = await start([cpgAuth({ ...defaults(), routes: rules }), showRequest]);
      const file = (method: string, keyId = 'ck_none') =>
        send({ ...broken, method, target: '/v1/files', keyId });
      expect(await file('POST')).toEqual(missing('withdraw'));
      expect(await file('POST', 'ck_full')).toEqual(MALFORMED);
      expect(await file('PUT')).toEqual(MALFORMED);
      expect(await file('PATCH')).toEqual(MALFORMED);
      expect(await file('DELETE')).toEqual(MALFORMED);
      expect((await file('GET'))[0]).toBe(200);
    });

    it('is a 400 where lists of routes in one process disagree about the permission, and the key has one', async () => {
      const path = `/v1/${name.replace(' ', '')}/{name}` as const;
      const create = (permission: 'withdraw' | 'uploads:write' | null) =>
        routes([route(defineEndpoint({ ...upload, path, permission }), () => null)]);
      const { send } = await start([cpgAuth(defaults()), create('uploads:write')]);
      const target = path.replace('{name}', 'a');
      let timestamp = NOW;
      const disputed = (keyId: string) => {
        timestamp += 1;
        return send({ ...broken, target, keyId, timestamp });
      };
      expect(await disputed('ck_none')).toEqual(missing('uploads:write'));
      create('withdraw');
      expect(await disputed('ck_slow')).toEqual(MALFORMED);
      expect(await disputed('ck_none')).toEqual(missing('withdraw'));
      create(null);
      expect(await disputed('ck_none')).toEqual(MALFORMED);
    });
  });

  describe('behind a proxy that changes the path', () => {
    const api = [
      route(upload, ({ pathParameters, query }) => ({ ...pathParameters, ...query }), { bodyLimit: 200 }),
      route(endpoints.ping, () => ({ pong: true as const })),
    ];
    const signedAs = (target: string, sentTarget: string, parts: RequestParts = {}): RequestParts => ({
      ...{ target, sentTarget, ...parts },
    });

    it('basePath: clients sign what the proxy strips; routes and their limits match', async () => {
      const { send } = await start([
        cpgAuth({ ...defaults(), basePath: '/api', bodyLimit: 20, routes: api }),
        routes(api),
      ]);
      expect(await send(signedAs('/api/v1/_ping', '/v1/_ping'))).toEqual([200, 'OK']);
      expect(await send(signedAs('/api/v1/_ping?a=%7E&&', '/v1/_ping?a=%7E&&'))).toEqual([200, 'OK']);
      expect(await send(signedAs('/v1/_ping', '/v1/_ping'))).toEqual(INVALID);
      expect(await send(signedAs('/api/v1/_ping', '/api/v1/_ping'))).toEqual(INVALID);
      expect(await send(signedAs('/api//v1/_ping', '//v1/_ping'))).toEqual([400, 'Malformed request target']);
      expect(await send(signedAs('/apihttp://x/v1/_ping', 'http://x/v1/_ping'))).toEqual([
        400,
        'Malformed request target',
      ]);
      const large = { method: 'POST', body: `{"a":${jsonOf(90)}}` };
      expect(await send(signedAs('/api/v1/uploads/a', '/v1/uploads/a', large))).toEqual([200, 'OK']);
      expect(await send(signedAs('/api/v1/elsewhere', '/v1/elsewhere', large))).toEqual(TOO_LARGE);
    });

    it('originalTarget: a prefix that the proxy adds; routes match what was signed', async () => {
      const { send } = await start([
        cpgAuth({
          ...defaults(),
          originalTarget: (request) => request.originalUrl.replace(/^\/internal/, ''),
          bodyLimit: 20,
          routes: api,
        }),
        routes(api),
      ]);
      expect(await send(signedAs('/v1/_ping', '/internal/v1/_ping'))).toEqual([200, 'OK']);
      expect(await send(signedAs('/internal/v1/_ping', '/internal/v1/_ping'))).toEqual(INVALID);
      const large = { method: 'POST', body: `{"a":${jsonOf(90)}}` };
      expect(await send(signedAs('/v1/uploads/a', '/internal/v1/uploads/a', large))).toEqual([200, 'OK']);
      const broken = { method: 'POST', body: '{', keyId: 'ck_none' };
      expect((await send(signedAs('/v1/uploads/a', '/internal/v1/uploads/a', broken)))[0]).toBe(403);
    });

    it('originalTarget: the handler gets the query that was signed', async () => {
      const app = express();
      const originalTarget: CpgAuthOptions['originalTarget'] = (request) =>
        request.get('X-Original-URI') as string;
      app.use(cpgAuth({ ...defaults(), originalTarget, routes: api }), routes(api));
      const headers = { 'X-Original-URI': '/v1/uploads/a?tag=signed' };
      const parts = signedAs('/v1/uploads/a?tag=signed', '/v1/uploads/b?tag=added', {
        ...{ method: 'POST', body: '{}', headers },
      });
      const { body } = await exchange(await serve(app), signedRequest(parts));
      expect(JSON.parse(body).data).toEqual({ name: 'a', tag: 'signed' });
    });

    it.each<[string, CpgAuthOptions['originalTarget'], string]>([
      [
        'throws',
        () => {
          throw new Error('no header');
        },
        'originalTarget failed: no header',
      ],
      ['returns nothing', () => undefined as never, 'a string: got undefined.'],
      ['is async', (async () => '/v1/_ping') as never, 'got a promise; it cannot be async.'],
      ['rejects', (async () => Promise.reject(new Error('later'))) as never, 'got a promise'],
    ])('originalTarget: fails closed if it %s', async (_what, originalTarget, message) => {
      const logger = recordingLogger();
      const store = memoryStore({ clock });
      const { send } = await start([cpgAuth({ ...defaults(), store, originalTarget, logger }), showRequest]);
      expect(await send({})).toEqual(FAILED);
      expect(store.size).toBe(0);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['hook_failed']);
      expect(logger.lines[0]?.message).toContain(message);
    });

    it.each(['', 'v1/_ping', 'http://evil/v1/_ping', '//v1/_ping', '/v1/_ping#x'])(
      'originalTarget: rejects the target %j',
      async (target) => {
        const { send } = await start([cpgAuth({ ...defaults(), originalTarget: () => target }), showRequest]);
        expect(await send({ target, sentTarget: '/v1/_ping' })).toEqual([400, 'Malformed request target']);
      },
    );

    it('basePath: is checked at start', () => {
      for (const basePath of ['', '/', 'api', '/api/', '/a?b', '//api', '/a b', 1, null]) {
        expect(() => cpgAuth({ ...defaults(), basePath: basePath as string })).toThrow(
          'cpgAuth: basePath must be the start of a path such as /api',
        );
      }
      expect(() => cpgAuth({ ...defaults(), basePath: '/api', originalTarget: () => '/' })).toThrow(
        'cpgAuth: originalTarget must be left out with basePath: got a function.',
      );
    });
  });

  describe('skip', () => {
    it('passes a request on without authentication, and to no protected route', async () => {
      const logger = recordingLogger();
      const ping = route(endpoints.ping, () => ({ pong: true as const }));
      const app = express();
      app.use(cpgAuth({ ...defaults(), skip: (request) => request.get('X-Probe') !== undefined }));
      app.get('/health', showRequest);
      app.get('/v1/own', requirePermission('withdraw'), showRequest);
      app.use(routes([ping], { logger }), errorHandler({ logger }));
      const port = await serve(app);
      const send = async (target: string) => {
        const text = `GET ${target} HTTP/1.1\r\nHost: x\r\nX-Probe: 1\r\n\r\n`;
        const { status, body } = await exchange(port, text);
        return [status, JSON.parse(body).message];
      };
      expect(await send('/health')).toEqual([200, { url: '/health' }]);
      expect(await send('/v1/own')).toEqual(FAILED);
      expect(await send('/v1/_ping')).toEqual(FAILED);
      expect(logger.lines.map(({ fields }) => fields.code)).toContain('authentication_missing');
      expect((await exchange(port, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')).status).toBe(401);
      expect((await exchange(port, signedRequest({ target: '/health' }))).status).toBe(200);
    });

    it.each<[string, unknown, string]>([
      [
        'throws',
        () => {
          throw new Error('no table');
        },
        'skip failed: no table',
      ],
      ['is async', async () => true, 'skip must return true or false: got a promise; it cannot be async.'],
      ['rejects', async () => Promise.reject(new Error('later')), 'got a promise'],
      ['returns what is only truthy', () => '/health', 'skip must return true or false: got string.'],
    ])('fails closed if it %s', async (_what, skip, message) => {
      const logger = recordingLogger();
      const { send } = await start([cpgAuth({ ...defaults(), skip: skip as never, logger }), showRequest]);
      expect(await send({})).toEqual(FAILED);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['hook_failed']);
      expect(logger.lines[0]?.message).toContain(message);
    });

    it.each([false, undefined, null, 0, ''])('authenticates for %j', async (result) => {
      const { send } = await start([cpgAuth({ ...defaults(), skip: () => result as never }), showRequest]);
      expect(await send({ secret: 'other' })).toEqual(INVALID);
      expect((await send({}))[0]).toBe(200);
    });
  });
});
