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

  it('fails when mounted twice', async () => {
    const logger = recordingLogger();
    const app = express();
    app.use(auth(), auth(undefined, logger), served);
    expect((await exchange(await serve(app), signedRequest())).status).toBe(500);
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['mounted_twice']);
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
