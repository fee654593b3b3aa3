import { createServer } from 'node:http';
import { getPort, listen } from '@cpg/test-support/ports';
import { describeInCi } from '@cpg/test-support/programs';
import {
  type ProxyConfiguration,
  type ReverseProxy,
  startConfiguredApache,
  startConfiguredHaproxy,
  startConfiguredNginx,
} from '@cpg/test-support/reverse-proxies';
import { recordingLogger, SECRET, testKey } from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { cpgAuth } from '../express/cpg-auth.ts';
import { errorHandler } from '../express/error-handler.ts';
import { routes } from '../express/routes.ts';
import { drainUnreadBodies } from '../http/drain-unread-body.ts';
import { staticKeys } from '../keys/key-store.ts';
import { doctor } from './doctor.ts';

describeInCi('doctor behind a proxy', () => {
  const createApp = () => {
    const app = express();
    const keys = staticKeys([testKey({ rateLimitPerMinute: 100_000 })]);
    app.use('/v1', cpgAuth({ keys, store: memoryStore(), logger: recordingLogger() }));
    app.get('/v1/_ping', (_request, response) => {
      response.json({});
    });
    app.use(routes([]), errorHandler());
    return app;
  };
  const app = createApp();
  const service = drainUnreadBodies(createServer(app));
  const otherStore = createServer(createApp());
  const servers = [service, createServer(app), otherStore];
  beforeAll(() => Promise.all(servers.map(listen)));
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  const examine = async (proxy: Promise<ReverseProxy>, path = '') => {
    const { port, stop } = await proxy;
    const url = `http://127.0.0.1:${port}${path}`;
    const { findings } = await doctor(url, { keyId: 'ck_full', secret: SECRET, print: () => {} });
    await stop();
    return findings.filter(({ status }) => status !== 'ok');
  };
  const names = (findings: Awaited<ReturnType<typeof examine>>) =>
    findings.map(({ check, status }) => `${status} ${check}`);

  const nginx =
    (location: string, server = ''): ProxyConfiguration =>
    (port, folder) =>
      `
      proxy_cache_path ${folder}/cache keys_zone=responses:1m;
      upstream service { server 127.0.0.1:${getPort(service)}; }
      upstream both { ${servers
        .slice(0, 2)
        .map((each) => `server 127.0.0.1:${getPort(each)};`)
        .join(' ')} }
      upstream apart { server 127.0.0.1:${getPort(service)}; server 127.0.0.1:${getPort(otherStore)}; }
      server {
        listen 127.0.0.1:${port};
        client_max_body_size 4m;
        ${server}
        location / { ${location} }
      }`;

  it.each<readonly [string, ProxyConfiguration, readonly string[]]>([
    ['its defaults', nginx('proxy_pass http://service;'), []],
    ['a URI part in proxy_pass', nginx('proxy_pass http://service/;'), ['failure path']],
    ['$uri in proxy_pass', nginx('proxy_pass http://service$uri?$args;'), ['failure path']],
    ['a rewrite', nginx('rewrite ^(.*)$ $1 break; proxy_pass http://service;'), ['failure path']],
    [
      'a query that is built again',
      nginx('proxy_pass http://service/v1/_ping?_=$arg__;'),
      ['failure path', 'failure query'],
    ],
    [
      'proxy_next_upstream http_404',
      nginx('proxy_pass http://both; proxy_next_upstream error http_404;'),
      ['failure retries'],
    ],
    ['two processes, each with a memoryStore', nginx('proxy_pass http://apart;'), ['failure replay']],
    [
      'a cache that ignores Cache-Control',
      nginx(
        'proxy_pass http://service; proxy_cache responses; proxy_cache_valid 1m; proxy_ignore_headers Cache-Control;',
      ),
      ['failure replay', 'failure cache', 'failure HEAD'],
    ],
    [
      'a small client_max_body_size',
      nginx('client_max_body_size 10k; proxy_pass http://service;'),
      ['warning body limit', 'warning oversized body'],
    ],
    [
      'keepalive_timeout 0',
      nginx('proxy_pass http://service;', 'keepalive_timeout 0;'),
      ['warning keep-alive'],
    ],
    [
      'headers that it sets from variables',
      nginx(
        'proxy_pass http://service; proxy_set_header X-CPG-Key $http_x_cpg_key;',
        'underscores_in_headers on;',
      ),
      ['warning repeated headers'],
    ],
    [
      'headers that it does not pass on',
      nginx('proxy_pass http://service; proxy_pass_request_headers off;'),
      ['failure authentication'],
    ],
    [
      'a CORS handler',
      nginx('if ($request_method = OPTIONS) { return 204; } proxy_pass http://service;'),
      ['warning OPTIONS'],
    ],
    ['a redirect to https', nginx('return 301 https://$host$request_uri;'), ['failure authentication']],
    ['a server that is down', nginx('proxy_pass http://127.0.0.1:1;'), ['failure authentication']],
  ])('nginx with %s', async (_what, configuration, expected) => {
    expect(names(await examine(startConfiguredNginx(configuration)))).toEqual(expected);
  });

  it('nginx with a prefix that it strips', async () => {
    const strip: ProxyConfiguration = (port) => `
      server {
        listen 127.0.0.1:${port};
        location /api/ { proxy_pass http://127.0.0.1:${getPort(service)}/; }
      }`;
    const [finding] = await examine(startConfiguredNginx(strip), '/api');
    expect(finding?.detail).toMatch(
      /A proxy removes \/api from the path.*nginx: proxy_pass http:\/\/upstream; without/,
    );
  });

  const haproxy =
    (directives: string): ProxyConfiguration =>
    (port) =>
      `
global
  expose-experimental-directives
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
cache responses
  total-max-size 4
  max-age 60
listen gateway
  bind 127.0.0.1:${port}
  ${directives.replaceAll('; ', '\n  ')}
  server one 127.0.0.1:${getPort(service)}`;

  it.each<readonly [string, string, readonly string[]]>([
    ['its defaults', '', []],
    ['retry-on 404', 'retry-on 404; retries 2', ['failure retries']],
    [
      'normalize-uri',
      'http-request normalize-uri path-merge-slashes; http-request normalize-uri percent-decode-unreserved',
      ['failure path', 'failure query'],
    ],
    ['query-sort-by-name', 'http-request normalize-uri query-sort-by-name', ['failure query']],
    ['replace-path', 'http-request replace-path /v1/(.*) /\\1', ['failure authentication']],
    [
      'a cache',
      'http-request cache-use responses; http-response set-header Cache-Control max-age=60; http-response cache-store responses',
      ['failure replay', 'failure cache'],
    ],
    ['httpclose', 'option httpclose', ['warning keep-alive']],
    ['deleted headers', 'http-request del-header X-CPG-Key', ['failure authentication']],
  ])('haproxy with %s', async (_what, directives, expected) => {
    expect(names(await examine(startConfiguredHaproxy(haproxy(directives))))).toEqual(expected);
  });

  it('haproxy that rejects bodies without reading them', async () => {
    const deny = 'http-request deny deny_status 413 if { req.hdr(content-length) -m int gt 100000 }';
    const findings = await examine(startConfiguredHaproxy(haproxy(deny)));
    // Whether a response is lost is a race between it and the reset of the connection.
    expect(names(findings).map((name) => name.replace(/^\w+ /, ''))).toEqual(
      expect.arrayContaining(['body limit', 'oversized body']),
    );
  });

  const apache =
    (directives: string): ProxyConfiguration =>
    (port) =>
      `
<VirtualHost 127.0.0.1:${port}>
  ${directives.replaceAll('; ', '\n  ').replaceAll('SERVICE', `http://127.0.0.1:${getPort(service)}`)}
</VirtualHost>`;

  it.each<readonly [string, string, readonly string[]]>([
    ['nocanon and NoDecode', 'AllowEncodedSlashes NoDecode; ProxyPass / SERVICE/ nocanon', []],
    ['its defaults', 'ProxyPass / SERVICE/', ['failure path']],
    ['nocanon alone', 'ProxyPass / SERVICE/ nocanon', ['failure path']],
    [
      'a prefix',
      'AllowEncodedSlashes NoDecode; ProxyPass / SERVICE/api/ nocanon',
      ['failure authentication'],
    ],
    [
      'KeepAlive Off',
      'KeepAlive Off; AllowEncodedSlashes NoDecode; ProxyPass / SERVICE/ nocanon',
      ['warning keep-alive'],
    ],
    [
      'unset headers',
      'RequestHeader unset X-CPG-Signature; AllowEncodedSlashes NoDecode; ProxyPass / SERVICE/ nocanon',
      ['failure authentication'],
    ],
  ])('Apache with %s', async (_what, directives, expected) => {
    expect(names(await examine(startConfiguredApache(apache(directives))))).toEqual(expected);
  });
});
