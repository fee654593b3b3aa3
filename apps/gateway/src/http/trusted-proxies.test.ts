import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { startTestGateway, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROXY = '127.0.0.9';
const key = createSigningKey('cpg-demo-ip-edges-DO-NOT-USE-IN-PRODUCTION');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ trustedProxies: [PROXY] });
});
afterAll(() => gateway.close());

let asked = 0;
const ask = async (
  localAddress: string,
  forwardedFor: string,
  path?: string,
): Promise<number | undefined> => {
  asked += 1;
  const target = path ?? `/v1/_ping?n=${asked}`;
  const signed = signRequest({ keyId: 'ck_demo_ip_edges', key, method: 'GET', target, timestamp: TEST_NOW });
  const headers = { ...signed.headers, 'X-Forwarded-For': forwardedFor };
  const sent = request(`${gateway.url}${target}`, { localAddress, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  await text(response);
  return response.statusCode;
};

describe('a trusted proxy', () => {
  it.each([
    ['192.0.2.1', 200],
    ['192.0.2.2', 403],
    ['198.51.100.63', 403],
    ['198.51.100.64', 200],
    ['198.51.100.127', 200],
    ['198.51.100.128', 403],
    ['2001:db8:0:ffff:ffff:ffff:ffff:ffff', 403],
    ['2001:db8:1::', 200],
    ['2001:DB8:1:FFFF:FFFF:FFFF:FFFF:FFFF', 200],
    ['2001:db8:2::', 403],
    ['2001:db8:2::7', 200],
    ['2001:db8:2:0:0:0:0:7', 200],
    ['203.0.113.9', 200],
    ['::ffff:203.0.113.9', 200],
    ['::ffff:cb00:7109', 200],
    ['::ffff:192.0.2.1', 200],
    ['203.0.113.10', 403],
    // Addresses written by the client precede the address added by the proxy.
    ['192.0.2.1, 203.0.113.50', 403],
    ['203.0.113.50, 192.0.2.1', 200],
  ])('X-Forwarded-For %s: %i', async (forwardedFor, status) => {
    expect(await ask(PROXY, forwardedFor)).toBe(status);
  });

  it('exposes neither the sandbox nor metrics', async () => {
    expect(await ask(PROXY, '203.0.113.50', '/_sandbox/clock')).toBe(404);
    expect(await ask(PROXY, '203.0.113.50', '/metrics')).toBe(404);
    expect(await ask('127.0.0.1', '127.0.0.1', '/metrics')).toBe(404);
  });
});

it('ignores X-Forwarded-For from other addresses', async () => {
  expect(await ask('127.0.0.1', '192.0.2.1')).toBe(403);
  expect(await ask('127.0.0.8', '192.0.2.1')).toBe(403);
});
