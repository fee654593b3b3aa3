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
import { describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';
import { ipBackstop } from './ip-backstop.ts';
import { findTrustProxyMistake } from './trust-proxy.ts';

const PUBLIC = 'trusts public addresses as proxies';
const TOO_MANY = 'trusts more than 5 proxies';

const PERMISSIVE: readonly (readonly [name: string, setting: unknown, mistake: string])[] = [
  ['true', true, PUBLIC],
  ['() => true', () => true, PUBLIC],
  ['0.0.0.0/1,128.0.0.0/1', '0.0.0.0/1,128.0.0.0/1', PUBLIC],
  ['an eighth of IPv4', ['loopback', '64.0.0.0/3'], PUBLIC],
  ['::/1', '::/1', PUBLIC],
  ['2000::/3', '2000::/3', PUBLIC],
  ['half of the public IPv6', '2800::/5', PUBLIC],
  ['all that is not private', (address: string) => !address.startsWith('10.'), PUBLIC],
  ['10', 10, TOO_MANY],
  ['6', 6, TOO_MANY],
  ['(address, hop) => hop < 100', (_address: string, hop: number) => hop < 100, TOO_MANY],
];

const LEGITIMATE: readonly (readonly [name: string, setting: unknown])[] = [
  ['off', false],
  ['1', 1],
  ['2', 2],
  ['5', 5],
  ['loopback', 'loopback'],
  ['private ranges', 'loopback, linklocal, uniquelocal'],
  ['a CDN', ['104.16.0.0/13', '172.64.0.0/13', '2606:4700::/32', '130.211.0.0/22', '35.191.0.0/16']],
  ['a proxy with a public address', '81.128.0.1'],
  [
    'a function that knows its proxies',
    (address: string, hop: number) => hop === 0 || address === '10.0.0.1',
  ],
  [
    'a function that throws',
    () => {
      throw new Error('no');
    },
  ],
];

describe.each(EXPRESS_VERSIONS)('trust proxy on %s', (_name, express) => {
  const createApp = (setting: unknown) => {
    const app = express();
    app.set('trust proxy', setting);
    return app;
  };

  it.each(PERMISSIVE)('recognises %s as permissive', (_what, setting, mistake) => {
    expect(findTrustProxyMistake(createApp(setting))).toBe(mistake);
  });

  it.each(LEGITIMATE)('accepts %s', (_what, setting) => {
    expect(findTrustProxyMistake(createApp(setting))).toBeUndefined();
  });

  it('asks once for each setting', () => {
    const trust = vi.fn(() => false);
    const app = createApp(trust);
    expect(findTrustProxyMistake(app)).toBeUndefined();
    const calls = trust.mock.calls.length;
    expect(calls).toBeGreaterThan(0);
    expect(findTrustProxyMistake(app)).toBeUndefined();
    expect(trust.mock.calls).toHaveLength(calls);
    app.set('trust proxy', true);
    expect(findTrustProxyMistake(app)).toBe(PUBLIC);
  });

  it('has nothing to say about what is not an Express app', () => {
    expect(findTrustProxyMistake({ get: () => undefined })).toBeUndefined();
  });

  describe.each(PERMISSIVE)('%s', (_what, setting, mistake) => {
    const spoofed: RequestParts = { headers: { 'X-Forwarded-For': '203.0.113.9' } };

    it('rejects a key with a whitelist, whether or not the key store tells in advance', async () => {
      for (const tells of [true, false]) {
        const logger = recordingLogger();
        const clock = () => NOW * 1000;
        const list = staticKeys([testKey({ sourceIps: ['203.0.113.0/24'] })]);
        const app = createApp(setting);
        const keys = tells ? list : { find: list.find };
        app.use(cpgAuth({ keys, store: memoryStore({ clock }), clock, logger }), (_request, response) => {
          response.end();
        });
        expect((await exchange(await serve(app), signedRequest(spoofed))).status).toBe(500);
        expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['permissive_trust_proxy']);
        expect(logger.lines[0]?.message).toContain(`"trust proxy" ${mistake}: a client can choose`);
      }
    });

    it('is logged once by ipBackstop, whose limit it defeats', async () => {
      const logger = recordingLogger();
      const app = createApp(setting);
      app.use(ipBackstop({ logger }), (_request, response) => {
        response.end();
      });
      const port = await serve(app);
      for (let index = 0; index < 2; index += 1)
        expect((await exchange(port, signedRequest(spoofed))).status).toBe(200);
      expect(logger.lines.map(({ level, fields }) => [level, fields.code])).toEqual([
        ['error', 'permissive_trust_proxy'],
      ]);
    });
  });

  it('says nothing of a legitimate setting', async () => {
    const logger = recordingLogger();
    const app = createApp(1);
    app.use(ipBackstop({ logger }), (_request, response) => {
      response.end();
    });
    expect((await exchange(await serve(app), signedRequest())).status).toBe(200);
    expect(logger.lines).toEqual([]);
  });
});

it('knows the address of a client that disconnects before its source IP is checked', async () => {
  const logger = recordingLogger();
  const admitted = vi.fn();
  const key = testKey({ sourceIps: ['127.0.0.1'] });
  const app = EXPRESS_VERSIONS[0][1]();
  let connection: RawConnection;
  app.use((request, response, next) => {
    const find = async () => {
      connection.socket.resetAndDestroy();
      await new Promise((resolve) => request.socket.once('close', resolve));
      return key;
    };
    const clock = () => NOW * 1000;
    cpgAuth({ keys: { find }, store: memoryStore({ clock }), clock, logger })(request, response, next);
  }, admitted);
  connection = new RawConnection(await serve(app));
  await connection.write(signedRequest());
  await vi.waitFor(() => expect(admitted).toHaveBeenCalledOnce());
  expect(logger.lines).toEqual([]);
});
