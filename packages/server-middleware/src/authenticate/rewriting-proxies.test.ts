import { describeInCi } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { type ReverseProxy, startApache, startHaproxy, startNginx } from '@cpg/test-support/reverse-proxies';
import {
  createSignature,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { cpgAuth } from '../express/cpg-auth.ts';
import { staticKeys } from '../keys/key-store.ts';

type Start = (upstreamPort: number) => Promise<ReverseProxy>;

const apache =
  (directives: (upstream: string) => string): Start =>
  (upstreamPort) =>
    startApache({ upstreamPort, directives: directives(`http://127.0.0.1:${upstreamPort}`) });
const haproxy =
  (directives: string): Start =>
  (upstreamPort) =>
    startHaproxy({ upstreamPort, directives });
// With something after the host, nginx replaces that part of the path, and normalises the rest.
const nginxWithUri =
  (path: string): Start =>
  (upstreamPort) =>
    startNginx({ upstreamPort, path });
const nginxWithForwardedHost: Start = (upstreamPort) =>
  startNginx({ upstreamPort, directives: 'proxy_set_header X-Forwarded-Host $host;' });
const nginxUnchanged: Start = (upstreamPort) => startNginx({ upstreamPort });
const apacheUnchanged = apache(
  (upstream) => `AllowEncodedSlashes NoDecode\nMergeSlashes Off\nProxyPass / ${upstream}/ nocanon`,
);
const haproxyUnchanged = haproxy('');

const ROOT = '/';
// haproxy's rules for merging and decoding are experimental; http-request set-path makes the same target.
const decodeTilde = 'http-request set-path %[path,regsub(%7E,~,g)]';
const mergeSlashes = 'http-request set-path %[path,regsub(//+,/,g)]';

interface Row {
  readonly proxy: string;
  readonly does: string;
  readonly target: string;
  readonly received: string;
  readonly code: string;
  readonly broken: Start;
  readonly fixed: Start;
  readonly setting: string;
}

const PREFIX = { does: 'strips /api', target: '/api/v1/balances?b=1', received: '/v1/balances' } as const;
const SLASHES = { does: 'merges //', target: '/v1//balances', received: '/v1/balances' } as const;
const ESCAPES = { does: 'decodes %7E', target: '/v1/a%7Eb', received: '/v1/a~b' } as const;
const ALL = { does: 'does all three', target: '/api/v1//a%7Eb', received: '/v1/a~b' } as const;
const NGINX = { proxy: 'nginx', fixed: nginxUnchanged, setting: '"proxy_pass http://upstream;"' } as const;
const APACHE = {
  proxy: 'Apache',
  fixed: apacheUnchanged,
  setting: '"ProxyPass / http://upstream/ nocanon", "AllowEncodedSlashes NoDecode" and "MergeSlashes Off"',
} as const;
const HAPROXY = {
  proxy: 'haproxy',
  fixed: haproxyUnchanged,
  setting: 'without "http-request set-path", "replace-path"',
} as const;

const CODES = {
  prefix: 'path_prefix_stripped',
  slashes: 'path_slashes_merged',
  escapes: 'path_escapes_rewritten',
  all: 'target_rewritten',
} as const;

const TABLE: readonly Row[] = [
  { ...NGINX, ...PREFIX, code: CODES.prefix, broken: nginxWithUri('/api/') },
  { ...NGINX, ...SLASHES, code: CODES.slashes, broken: nginxWithUri(ROOT) },
  { ...NGINX, ...ESCAPES, code: CODES.escapes, broken: nginxWithUri(ROOT) },
  { ...NGINX, ...ALL, code: CODES.all, broken: nginxWithUri('/api/') },
  {
    ...APACHE,
    ...PREFIX,
    code: CODES.prefix,
    broken: apache((upstream) => `ProxyPass /api/ ${upstream}/`),
  },
  { ...APACHE, ...SLASHES, code: CODES.slashes, broken: apache((upstream) => `ProxyPass / ${upstream}/`) },
  { ...APACHE, ...ESCAPES, code: CODES.escapes, broken: apache((upstream) => `ProxyPass / ${upstream}/`) },
  { ...APACHE, ...ALL, code: CODES.all, broken: apache((upstream) => `ProxyPass /api/ ${upstream}/`) },
  {
    ...HAPROXY,
    ...PREFIX,
    code: CODES.prefix,
    broken: haproxy('http-request replace-path /api(/.*) \\1'),
  },
  { ...HAPROXY, ...SLASHES, code: CODES.slashes, broken: haproxy(mergeSlashes) },
  { ...HAPROXY, ...ESCAPES, code: CODES.escapes, broken: haproxy(decodeTilde) },
];

describeInCi('explain, behind a proxy that rewrites the request target', () => {
  const start = async () => {
    const logger = recordingLogger();
    const clock = () => 1_747_444_800_000;
    const received: string[] = [];
    const app = express();
    app.use((request, _response, next) => {
      received.push(request.originalUrl);
      next();
    });
    app.use(
      cpgAuth({ keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock, explain: true, logger }),
    );
    app.use((_request, response) => {
      response.end('served');
    });
    return { logger, received, port: await serve(app) };
  };
  const startProxy = async (launch: Start, port: number) => {
    const proxy = await launch(port);
    onTestFinished(() => proxy.stop());
    return proxy;
  };

  it.each(TABLE)('$proxy $does: names it, and the setting that fixes it', async (row) => {
    const { logger, received, port } = await start();
    const { target, code, setting } = row;
    const broken = await startProxy(row.broken, port);
    expect((await exchange(broken.port, signedRequest({ target }))).status).toBe(401);
    expect(received[0]?.split('?', 1)).toEqual([row.received]);
    await expect.poll(() => logger.lines[0]?.fields.findings).toEqual([code]);
    expect(logger.lines[0]?.message).toContain(setting);
    expect(logger.lines[0]?.message).toContain(`(signed: "${target.split('?', 1)[0]}", received: "`);
    const fixed = await startProxy(row.fixed, port);
    const again = await exchange(fixed.port, signedRequest({ target, timestamp: 1_747_444_801 }));
    expect([again.status, received[1]]).toEqual([200, target]);
  });

  it.each([
    ['nginx', nginxWithForwardedHost],
    ['Apache', apache((upstream) => `ProxyPass / ${upstream}/`)],
    ['haproxy', haproxy('')],
  ] as const)('a client that signed the full URL, behind %s: names the URL', async (_name, launch) => {
    const { logger, port } = await start();
    const proxy = await startProxy(launch, port);
    const signature = createSignature({ target: 'https://api.example.com/v1/balances' });
    const headers = { Host: 'api.example.com', 'X-CPG-Signature': signature };
    await exchange(proxy.port, signedRequest({ target: '/v1/balances', headers }));
    await expect.poll(() => logger.lines[0]?.fields.findings).toEqual(['path_is_url']);
    expect(logger.lines[0]?.message).toContain('leave out scheme, host and port');
  });
});
