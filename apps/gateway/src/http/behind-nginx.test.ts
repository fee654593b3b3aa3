import { execFileSync } from 'node:child_process';
import { launchChromium } from '@cpg/test-support/chromium';
import { type GatewayProcess, startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { describeInCi, describeWithProgram } from '@cpg/test-support/programs';
import { type NginxOptions, type ReverseProxy, startNginx } from '@cpg/test-support/reverse-proxies';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const INTERNAL = ['/_sandbox/overview', '/_sandbox/clock', '/metrics', '/', '/favicon.svg'];

describeWithProgram('nginx', 'behind nginx', () => {
  let sandbox: GatewayProcess;
  const proxies: ReverseProxy[] = [];
  beforeAll(async () => {
    sandbox = await startGatewayFromSources({ CPG_SANDBOX: 'true', CPG_LOG_LEVEL: 'fatal' });
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await sandbox.stop('SIGTERM');
  });

  const proxy = async (url: string, options: Partial<NginxOptions> = {}): Promise<string> => {
    const started = await startNginx({ upstreamPort: Number(new URL(url).port), ...options });
    proxies.push(started);
    return `http://127.0.0.1:${started.port}`;
  };
  const curl = (...parameters: readonly string[]) =>
    execFileSync('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...parameters], {
      encoding: 'utf8',
    });
  const reset = (url: string) =>
    curl('-X', 'POST', '-H', 'Content-Type: application/json', `${url}/_sandbox/reset`);

  it('is reachable directly from this machine', () => {
    expect(INTERNAL.map((path) => curl(`${sandbox.operationsUrl}${path}`))).toEqual(
      INTERNAL.map(() => '200'),
    );
    expect(reset(sandbox.operationsUrl)).toBe('200');
  });

  it.each([
    ['a plain proxy_pass', {}],
    ['HTTP/1.1', { directives: 'proxy_http_version 1.1; proxy_set_header Connection "";' }],
    ['the name that was asked for', { directives: 'proxy_http_version 1.1; proxy_set_header Host $host;' }],
  ])('serves the API and no internal path through %s', async (_name, options) => {
    const url = await proxy(sandbox.url, options);
    expect(INTERNAL.map((path) => curl(`${url}${path}`))).toEqual(INTERNAL.map(() => '404'));
    expect(reset(url)).toBe('404');
    expect(['/healthz', '/readyz', '/openapi.json', '/docs/'].map((path) => curl(`${url}${path}`))).toEqual(
      Array.from({ length: 4 }, () => '200'),
    );
    expect(curl(`${url}/v1/_ping`)).toBe('401');
  });

  it.each([
    ['a plain proxy_pass', {}, '404'],
    [
      'HTTP/1.1 and the usual headers',
      { directives: 'proxy_http_version 1.1; proxy_set_header X-Forwarded-For $remote_addr;' },
      '404',
    ],
    [
      'HTTP/1.1 and the original Host',
      { directives: 'proxy_http_version 1.1; proxy_set_header Host cpg.example;' },
      '403',
    ],
  ])('rejects requests to the operations port through %s', async (_name, options, status) => {
    const url = await proxy(sandbox.operationsUrl, options);
    expect(INTERNAL.map((path) => curl(`${url}${path}`))).toEqual(INTERNAL.map(() => status));
    expect(reset(url)).toBe(status);
  });

  describeInCi('the documentation in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser.close());

    const expectServer = async (address: string, server: string) => {
      const page = await browser.newPage();
      page.setDefaultTimeout(30_000);
      const failed: string[] = [];
      page.on('response', (response) => {
        if (response.status() >= 400) failed.push(response.url());
      });
      await page.goto(address);
      await page.getByRole('link', { name: 'List balances' }).first().click();
      await page.getByRole('heading', { name: 'List balances' }).waitFor();
      // The request line and the form to try it: a script writes the address into both after the page is shown.
      const readServers = async () => [...new Set(await page.locator('[data-server]').allTextContents())];
      await expect.poll(readServers).toEqual([server]);
      expect(failed).toEqual([]);
      await page.close();
    };

    it.each<[string, Partial<NginxOptions> | undefined, string]>([
      ['on a port of its own choice', undefined, ''],
      ['through a proxy', {}, ''],
      [
        'through a proxy that does not forward Host',
        { directives: 'proxy_set_header Host gateway.internal;' },
        '',
      ],
      ['under a path of a proxy', { path: '/cpg/' }, '/cpg'],
    ])('uses the address it was loaded from as server, %s', async (_name, options, path) => {
      const url = `${options === undefined ? sandbox.url : await proxy(sandbox.url, options)}${path}`;
      await expectServer(`${url}/docs`, url);
      await expectServer(`${url}/docs/`, url);
    });
  });

  describe('/openapi.json', () => {
    it('declares a relative server URL', async () => {
      const response = await (await fetch(`${await proxy(sandbox.url)}/openapi.json`)).text();
      expect((JSON.parse(response) as { servers: unknown }).servers).toEqual([
        { url: '/', description: 'The gateway that serves this document.' },
      ]);
      expect(response).not.toMatch(/127\.0\.0\.1|localhost|:8787/);
    });
  });
});
