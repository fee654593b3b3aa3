import { describeInCi } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { type ReverseProxy, startApache, startHaproxy, startNginx } from '@cpg/test-support/reverse-proxies';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import { NOW, serve, signedRequest, testKey } from '@cpg/test-support/server-middleware/fixtures';
import { expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { type CpgAuthOptions, cpgAuth } from './cpg-auth.ts';

interface Row {
  readonly proxy: string;
  readonly start: (upstreamPort: number) => Promise<ReverseProxy>;
  readonly options: Pick<CpgAuthOptions, 'basePath' | 'originalTarget'>;
  /** As the client signs and sends it. */
  readonly target: string;
  readonly received: string;
}

const STRIPPED = { options: { basePath: '/api' }, received: '/v1/balances?a=%7E&b=1+1' } as const;
const ADDED: Pick<Row, 'options'> = {
  options: { originalTarget: (request) => request.originalUrl.slice('/internal'.length) },
};
const SENT = { target: '/v1/balances?a=%7E&b=1+1', received: '/internal/v1/balances?a=%7E&b=1+1' } as const;
const upstream = (port: number) => `http://127.0.0.1:${port}`;

const TABLE: readonly Row[] = [
  {
    ...STRIPPED,
    proxy: 'nginx, which strips /api',
    target: `/api${STRIPPED.received}`,
    start: (upstreamPort) => startNginx({ upstreamPort, path: '/api/' }),
  },
  {
    ...STRIPPED,
    proxy: 'haproxy, which strips /api',
    target: `/api${STRIPPED.received}`,
    start: (upstreamPort) =>
      startHaproxy({ upstreamPort, directives: 'http-request replace-path /api(/.*) \\1' }),
  },
  {
    ...STRIPPED,
    proxy: 'Apache, which strips /api',
    target: `/api${STRIPPED.received}`,
    start: (upstreamPort) =>
      startApache({ upstreamPort, directives: `ProxyPass /api/ ${upstream(upstreamPort)}/` }),
  },
  {
    ...ADDED,
    ...SENT,
    proxy: 'haproxy, which adds /internal',
    start: (upstreamPort) =>
      startHaproxy({ upstreamPort, directives: 'http-request set-path /internal%[path]' }),
  },
  {
    ...ADDED,
    ...SENT,
    proxy: 'Apache, which adds /internal',
    start: (upstreamPort) =>
      startApache({ upstreamPort, directives: `ProxyPass / ${upstream(upstreamPort)}/internal/` }),
  },
  {
    proxy: 'nginx, which merges // and names the target that it got',
    options: { originalTarget: (request) => request.get('X-Original-URI') as string },
    target: '/api/v1//balances?a=%7E',
    received: '/v1/balances?a=%7E',
    start: (upstreamPort) =>
      startNginx({
        upstreamPort,
        path: '/api/',
        directives: 'proxy_set_header X-Original-URI $request_uri;',
      }),
  },
];

describeInCi('cpgAuth behind a real proxy that changes the path', () => {
  for (const [name, express] of EXPRESS_VERSIONS) {
    it.each(TABLE)(`${name}, $proxy`, async ({ start, options, target, received }) => {
      const clock = () => NOW * 1000;
      const keys = staticKeys([testKey()]);
      const app = express();
      app.use(cpgAuth({ keys, store: memoryStore({ clock }), clock, ...options }), (request, response) => {
        response.end(request.originalUrl);
      });
      const proxy = await start(await serve(app));
      onTestFinished(() => proxy.stop());
      const admitted = await exchange(proxy.port, signedRequest({ target }));
      expect([admitted.status, admitted.body]).toEqual([200, received]);
      const headers = { 'X-Original-URI': target };
      const forged = signedRequest({ target, sentTarget: `${target}&c=1`, timestamp: NOW + 1, headers });
      expect((await exchange(proxy.port, forged)).status).toBe(401);
    });
  }
});
