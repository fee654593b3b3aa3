import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { countRounds, describeWithProgram } from '@cpg/test-support/programs';
import { startHaproxy, startNginx } from '@cpg/test-support/reverse-proxies';
import { countUploads, uploadWithCurl } from '@cpg/test-support/uploads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const LENGTH = 4_000_000;
const UPLOADS = countRounds('uploads that are rejected early by the gateway', 20, 10);
const JSON_TYPE = { 'Content-Type': 'application/json' };
const STALE = { 'X-CPG-Key': 'ck_demo_full', 'X-CPG-Timestamp': '1', 'X-CPG-Signature': '0'.repeat(64) };

type Early = readonly [what: string, status: number, target: string, headers: Record<string, string>];

/** Every part of the API port that responds without reading the body. */
const EARLY: readonly Early[] = [
  ['the authentication', 401, '/v1/withdrawals', {}],
  ['the timestamp check', 401, '/v1/withdrawals', STALE],
  ['an unknown path', 404, '/nowhere', {}],
  ['the health checks', 404, '/healthz', {}],
  ['an expectation that is not supported', 417, '/v1/withdrawals', { Expect: 'tea' }],
];

/** The same for the operations port. */
const EARLY_OPERATIONS: readonly Early[] = [
  ["the sandbox's parser", 413, '/_sandbox/reset', JSON_TYPE],
  ['the check of the site', 403, '/_sandbox/reset', { Origin: 'https://elsewhere.example' }],
  ['the check of the type', 415, '/_sandbox/reset', {}],
  ['the check for proxies', 404, '/_sandbox/reset', { 'X-Forwarded-For': '127.0.0.1' }],
];

const BEHIND_PROXIES = EARLY.filter(([what]) => ['the timestamp check', 'an unknown path'].includes(what));

let gateway: TestGateway;
let port: number;
beforeAll(async () => {
  gateway = await startTestGateway();
  port = Number(new URL(gateway.url).port);
});
afterAll(() => gateway.close());

describe('a response sent before the body was read', () => {
  it.each(EARLY)(
    'reaches a client that closes its connection, from %s',
    async (_what, status, target, headers) => {
      expect(await countUploads(UPLOADS, { port, target, headers, length: LENGTH })).toEqual({
        [status]: UPLOADS,
      });
    },
  );

  it.each(EARLY_OPERATIONS)(
    'reaches a client that closes its connection, from %s',
    async (_what, status, target, headers) => {
      const operations = { port: Number(new URL(gateway.operationsUrl).port), target, headers };
      expect(await countUploads(UPLOADS, { ...operations, length: LENGTH })).toEqual({ [status]: UPLOADS });
    },
  );

  describeWithProgram('curl', 'curl', () => {
    it('arrives without an upload when the client waits for 100 Continue', async () => {
      const options = ['-H', 'Expect: 100-continue', '--expect100-timeout', '30'];
      const { status, uploaded } = await uploadWithCurl({
        port,
        target: '/v1/withdrawals',
        length: 8_000_000,
        options,
      });
      expect([status, uploaded]).toEqual([401, 0]);
    });
  });

  describeWithProgram('nginx', 'nginx', () => {
    it.each(['on', 'off'] as const)(
      'passes through nginx with proxy_request_buffering %s',
      async (requestBuffering) => {
        const proxy = await startNginx({ upstreamPort: port, requestBuffering });
        onTestFinished(proxy.stop);
        for (const [what, status, target, headers] of BEHIND_PROXIES) {
          const upload = { port: proxy.port, target, headers, length: LENGTH };
          expect([what, await countUploads(UPLOADS, upload)]).toEqual([what, { [status]: UPLOADS }]);
        }
      },
    );
  });

  describeWithProgram('haproxy', 'haproxy', () => {
    it('passes through haproxy', async () => {
      const proxy = await startHaproxy({ upstreamPort: port });
      onTestFinished(proxy.stop);
      for (const [what, status, target, headers] of BEHIND_PROXIES) {
        const upload = { port: proxy.port, target, headers, length: LENGTH };
        expect([what, await countUploads(UPLOADS, upload)]).toEqual([what, { [status]: UPLOADS }]);
      }
    });
  });
});

describe('a draining gateway', () => {
  it('delivers its last response to a client that is still sending', async () => {
    const draining = await startTestGateway();
    const socket = connect(Number(new URL(draining.url).port), '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    // The first request makes sure that the gateway has taken the connection; the second is not idle any
    // more.
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /v1/withdrawals HTTP/1.1\r\n');
    await once(socket, 'data');
    const closed = draining.close();
    socket.pause();
    socket.write(`Host: localhost\r\nContent-Length: ${LENGTH}\r\n\r\n`);
    socket.write(Buffer.alloc(LENGTH), () => socket.resume());
    await once(socket, 'close');
    await closed;
    expect(received).toMatch(/HTTP\/1\.1 401 .*\r\nConnection: close\r\n.*Missing authentication headers/s);
  });
});
