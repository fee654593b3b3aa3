import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PERMISSIONS } from '@cpg/protocol';
import { countRounds, describeWithProgram } from '@cpg/test-support/programs';
import { type ReverseProxy, startHaproxy, startNginx } from '@cpg/test-support/reverse-proxies';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import { NOW, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { countUploads, uploadWithCurl } from '@cpg/test-support/uploads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { cpgAuth } from '../express/cpg-auth.ts';
import { errorHandler } from '../express/error-handler.ts';
import { routes } from '../express/routes.ts';
import { staticKeys } from '../keys/key-store.ts';
import { drainUnreadBodies } from './drain-unread-body.ts';

const SIGNED = { 'X-CPG-Key': 'ck_full', 'X-CPG-Signature': '0'.repeat(64) };
const FRESH = { ...SIGNED, 'X-CPG-Timestamp': String(NOW) };
const MANY = countRounds('uploads that are rejected early', 20, 10);
const [LARGE, HUGE] = [4_000_000, 8_000_000];

/** Every rejection that is sent before the body is read. */
const EARLY: readonly (readonly [
  name: string,
  expected: { readonly status: number; readonly message: string },
  upload: { readonly length: number; readonly headers: Readonly<Record<string, string>>; target?: string },
])[] = [
  ['a large body', { status: 413, message: 'Request body is too large' }, { length: LARGE, headers: FRESH }],
  [
    'a stale timestamp',
    { status: 401, message: 'Request timestamp is outside the allowed window' },
    { length: LARGE, headers: { ...SIGNED, 'X-CPG-Timestamp': String(NOW - 301) } },
  ],
  [
    'missing headers',
    { status: 401, message: 'Missing authentication headers' },
    { length: LARGE, headers: {} },
  ],
  [
    'a compressed body',
    { status: 415, message: 'Content-Encoding is not supported' },
    { length: LARGE, headers: { ...FRESH, 'Content-Encoding': 'gzip' } },
  ],
  [
    'a malformed target',
    { status: 400, message: 'Malformed request target' },
    { length: LARGE, headers: FRESH, target: '//v1/withdrawals' },
  ],
];

describe.each(EXPRESS_VERSIONS)('rejections before the body was read, on %s', (_name, express) => {
  const start = async ({ isPrepared = false } = {}) => {
    const clock = () => NOW * 1000;
    const app = express();
    const keys = staticKeys([testKey({ permissions: PERMISSIONS })]);
    app.use(cpgAuth({ keys, store: memoryStore({ clock }), clock }), routes([]), errorHandler());
    const server = createServer(app);
    if (isPrepared) drainUnreadBodies(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const through = async (proxy: Promise<ReverseProxy>): Promise<number> => {
    const { port, stop } = await proxy;
    onTestFinished(stop);
    return port;
  };

  it.each(EARLY)('reach the client of %s that closes', async (_what, { status }, sent) => {
    const port = await start();
    const upload = { port, target: '/v1/withdrawals', ...sent };
    expect(await countUploads(MANY, upload)).toEqual({ [status]: MANY });
    expect(await countUploads(10, { ...upload, httpVersion: '1.0' })).toEqual({ [status]: 10 });
  });

  describeWithProgram('curl', 'curl', () => {
    it.each(EARLY)('reads the rejection of %s with 8 MB', async (_what, { status, message }, sent) => {
      const port = await start();
      for (const options of [['-H', 'Connection: close'], ['--http1.0'], ['-H', 'Expect:'], []]) {
        const result = await uploadWithCurl({
          port,
          target: '/v1/withdrawals',
          ...sent,
          length: HUGE,
          options,
        });
        expect([options, result.status, JSON.parse(result.body).message]).toEqual([options, status, message]);
      }
    });

    it.each(EARLY)(
      'does not send the body of %s when it waits for 100 Continue',
      async (_what, { status }, sent) => {
        const port = await start({ isPrepared: true });
        const options = ['-H', 'Expect: 100-continue', '--expect100-timeout', '30'];
        const result = await uploadWithCurl({
          port,
          target: '/v1/withdrawals',
          ...sent,
          length: HUGE,
          options,
        });
        expect([result.status, result.uploaded]).toEqual([status, 0]);
      },
    );
  });

  describeWithProgram('nginx', 'nginx', () => {
    it.each(['on', 'off'] as const)(
      'passes them on with proxy_request_buffering %s',
      async (requestBuffering) => {
        const port = await through(startNginx({ upstreamPort: await start(), requestBuffering }));
        for (const [what, { status }, sent] of EARLY) {
          const upload = { port, target: '/v1/withdrawals', ...sent };
          expect([what, await countUploads(MANY, upload)]).toEqual([what, { [status]: MANY }]);
          const { status: received } = await uploadWithCurl({ ...upload, length: HUGE });
          expect([what, received]).toEqual([what, status]);
        }
      },
    );
  });

  describeWithProgram('haproxy', 'haproxy', () => {
    it('passes them on', async () => {
      const port = await through(startHaproxy({ upstreamPort: await start() }));
      for (const [what, { status }, sent] of EARLY) {
        const upload = { port, target: '/v1/withdrawals', ...sent };
        expect([what, await countUploads(MANY, upload)]).toEqual([what, { [status]: MANY }]);
        const { status: received } = await uploadWithCurl({ ...upload, length: HUGE });
        expect([what, received]).toEqual([what, status]);
      }
    });
  });
});
