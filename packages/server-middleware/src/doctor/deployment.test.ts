import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';
import { getPort, LOOPBACK, listen } from '@cpg/test-support/ports';
import { startProcess } from '@cpg/test-support/processes';
import { describeInCi } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import {
  type ProxyConfiguration,
  type ReverseProxy,
  startConfiguredApache,
  startConfiguredHaproxy,
  startConfiguredNginx,
} from '@cpg/test-support/reverse-proxies';
import {
  recordingLogger,
  SECRET,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { cpgAuth } from '../express/cpg-auth.ts';
import { errorHandler } from '../express/error-handler.ts';
import { routes } from '../express/routes.ts';
import { drainUnreadBodies } from '../http/drain-unread-body.ts';
import { staticKeys } from '../keys/key-store.ts';

const run = promisify(execFile);
const DOCUMENTATION = readFileSync(
  new URL('../../../../apps/docs/packages/server-middleware.md', import.meta.url),
  'utf8',
);
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** The configuration in the documentation, with the ports and files of the test in place of its own. */
const readConfiguration = (
  language: string,
  servicePort: number,
  certificate: string,
): ProxyConfiguration => {
  const [, text = ''] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(DOCUMENTATION) ?? [];
  const replace = (from: RegExp, to: string) => (given: string) => {
    expect(given).toMatch(from);
    return given.replaceAll(from, to);
  };
  const prepared = [
    replace(/127\.0\.0\.1:8080/g, `${LOOPBACK}:${servicePort}`),
    replace(/\/etc\/ssl\/payments\.pem/g, certificate),
  ].reduce((given, change) => change(given), text);
  return (port) => replace(/\b443\b/g, String(port))(prepared);
};

describeInCi('the configurations of proxies in the documentation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cpg-deployment-'));
  const certificate = join(folder, 'payments.pem');
  const app = express();
  app.set('trust proxy', 1);
  const keys = staticKeys([
    testKey({ sourceIps: [LOOPBACK] }),
    testKey({ keyId: 'ck_elsewhere', sourceIps: ['203.0.113.9'] }),
  ]);
  app.use('/v1', cpgAuth({ keys, store: memoryStore(), logger: recordingLogger() }));
  app.get('/v1/_ping', (_request, response) => {
    response.json({ success: true });
  });
  app.use(routes([]), errorHandler());
  const service = drainUnreadBodies(createServer(app));
  service.keepAliveTimeout = 65_000;

  beforeAll(async () => {
    const key = join(folder, 'key.pem');
    const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:localhost,IP:${LOOPBACK}`];
    const files = ['-keyout', key, '-out', certificate];
    await run('openssl', ['req', '-x509', '-nodes', '-newkey', 'rsa:2048', ...files, ...subject]);
    writeFileSync(certificate, readFileSync(key, 'utf8'), { flag: 'a' });
    await listen(service);
  });
  afterAll(() => {
    service.closeAllConnections();
    service.close();
    rmSync(folder, { recursive: true });
  });

  let spoofed = 0;
  /** Sends a request that claims to come from another address. */
  const sendSpoofed = async (port: number, keyId: string): Promise<string> => {
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = { 'X-Forwarded-For': '203.0.113.9', Connection: 'close' };
    const socket = connect({ port, host: LOOPBACK, ca: readFileSync(certificate) });
    // Two proxies may be tested within a second.
    spoofed += 1;
    socket.write(signedRequest({ target: `/v1/_ping?n=${spoofed}`, keyId, timestamp, headers }));
    return String(await buffer(socket));
  };

  it.each<readonly [string, (configure: ProxyConfiguration) => Promise<ReverseProxy>]>([
    ['nginx', startConfiguredNginx],
    ['haproxy', startConfiguredHaproxy],
    ['apache', startConfiguredApache],
  ])('%s is healthy, and clients cannot choose their address', async (language, start) => {
    const { port, stop } = await start(readConfiguration(language, getPort(service), certificate));
    const url = `https://localhost:${port}`;
    const env = { ...process.env, CPG_SECRET: SECRET, NODE_EXTRA_CA_CERTS: certificate };
    const argv = ['--conditions=@cpg/source', MAIN, '--url', url, '--key', 'ck_full', '--json'];
    const { stdout } = await run(process.execPath, argv, { env });
    const { isHealthy, findings } = JSON.parse(stdout);
    expect(findings.filter(({ status }: { status: string }) => status !== 'ok')).toEqual([]);
    expect([isHealthy, findings.length]).toEqual([true, 23]);
    expect(await sendSpoofed(port, 'ck_full')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await sendSpoofed(port, 'ck_elsewhere')).toMatch(/^HTTP\/1\.1 403 /);
    await stop();
  });
});

describeInCi('services that cpg-doctor examines directly', () => {
  const examine = async (url: string, keyId: string, secret: string) => {
    const argv = ['--conditions=@cpg/source', MAIN, '--url', url, '--key', keyId];
    const { stdout } = await run(process.execPath, argv, { env: { ...process.env, CPG_SECRET: secret } });
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('ok '));
  };

  it('the reference gateway is healthy', async () => {
    const gateway = await startBuiltGateway({});
    const secret = 'cpg-demo-noperm-DO-NOT-USE-IN-PRODUCTION';
    expect(await examine(gateway.url, 'ck_demo_noperm', secret)).toEqual([]);
    await gateway.stop();
  });

  it('the example service with Redis is healthy', async () => {
    const redis = await RedisServer.start();
    const file = fileURLToPath(new URL('../../../../examples/express/service.mjs', import.meta.url));
    const service = await startProcess({
      command: [process.execPath, '--conditions=@cpg/source', file],
      environment: { REDIS_URL: `redis://${LOOPBACK}:${redis.port}`, ACME_SECRET: SECRET, PORT: '0' },
      ready: /^ready on port/,
    });
    const port = /ready on port (\d+)/.exec(service.printed)?.[1];
    expect(await examine(`http://${LOOPBACK}:${port}`, 'ck_acme', SECRET)).toEqual([]);
    await service.stop();
    await redis.stop();
  });
});
