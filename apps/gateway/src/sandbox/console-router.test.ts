import { readConsoleToken, sandboxCalls } from '@cpg/test-support/gateway/sandbox-calls';
import { describe, expect, it } from 'vitest';

const { gateway } = sandboxCalls();

const open = (path: string) => fetch(`${gateway().operationsUrl}${path}`);

describe('the page of the console', () => {
  it('allows its own files only, and neither inline script nor inline style', async () => {
    const page = await open('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string);
    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const path of assets) {
      expect(path).toMatch(/^\/(?:assets\/[\w-]+\.(?:js|css)|favicon\.svg)$/);
      expect((await open(path)).status).toBe(200);
    }
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|style=/);
  });

  it('caches files with a hash in their names', async () => {
    const html = await (await open('/')).text();
    const script = /src="(\/assets\/[^"]+)"/.exec(html)?.[1] ?? '';
    const { headers } = await open(script);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-type')).toMatch(/^text\/javascript/);
    expect((await open('/assets/none.js')).status).toBe(404);
    expect((await open('/assets/..%2findex.html')).status).toBe(404);
  });
});

describe('the token of the console', () => {
  const readToken = () => readConsoleToken(gateway().operationsUrl);
  const change = (headers: Readonly<Record<string, string>>) =>
    fetch(`${gateway().operationsUrl}/_sandbox/reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });

  it.each<[string, (origin: string) => Readonly<Record<string, string>>]>([
    ['Origin', (origin) => ({ origin })],
    ['Sec-Fetch-Site', () => ({ 'sec-fetch-site': 'same-origin' })],
  ])('is required of a browser, which sends %s', async (_name, getHeaders) => {
    const headers = getHeaders(gateway().operationsUrl);
    const rejected = await change(headers);
    expect(rejected.status).toBe(403);
    expect(await rejected.json()).toEqual({
      success: false,
      message: 'X-CPG-Console-Token: expected the token of the page. Fix: reload the page',
    });
    expect((await change({ ...headers, 'x-cpg-console-token': 'x'.repeat(43) })).status).toBe(403);
    expect((await change({ ...headers, 'x-cpg-console-token': await readToken() })).status).toBe(200);
  });

  it('is not required of other programs, nor to read', async () => {
    expect((await change({})).status).toBe(200);
    const read = await fetch(`${gateway().operationsUrl}/_sandbox/clock`, {
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(read.status).toBe(200);
  });

  it('does not help a page of another site', async () => {
    const headers = { origin: 'http://localhost:1', 'x-cpg-console-token': await readToken() };
    expect((await change(headers)).status).toBe(403);
  });
});
