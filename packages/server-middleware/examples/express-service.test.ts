import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describeWithProgram } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { RedisServer } from '@cpg/test-support/redis';
import { type RequestParts, SECRET, signedRequest } from '@cpg/test-support/server-middleware/fixtures';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SERVICE = fileURLToPath(new URL('../../../examples/express/service.mjs', import.meta.url));

const startService = async (redisPort: number): Promise<{ process: ChildProcess; port: number }> => {
  const service = spawn(process.execPath, ['--conditions=@cpg/source', SERVICE], {
    env: { ...process.env, REDIS_URL: `redis://127.0.0.1:${redisPort}`, ACME_SECRET: SECRET, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [ready] = await once(service.stdout, 'data');
  return { process: service, port: Number(/ready on port (\d+)/.exec(String(ready))?.[1]) };
};

/** On a busy machine, the deadline of the store may pass: then the signature is not used, and the request may be repeated. */
const exchangeUntilServed = async (port: number, parts: RequestParts) => {
  for (;;) {
    const response = await exchange(port, signedRequest(parts));
    if (response.status !== 503) return response;
  }
};

describeWithProgram('redis-server', 'examples/express', () => {
  let redis: RedisServer;
  let services: Awaited<ReturnType<typeof startService>>[] = [];
  beforeAll(async () => {
    redis = await RedisServer.start();
    services = await Promise.all([startService(redis.port), startService(redis.port)]);
  });
  afterAll(async () => {
    const exits = services.map(({ process: service }) => once(service, 'exit'));
    for (const { process: service } of services) service.kill('SIGTERM');
    expect((await Promise.all(exits)).map(([code]) => code)).toEqual([0, 0]);
    await redis.stop();
  });

  it('serves a signed request in one of two processes, and its copy in neither', async () => {
    const parts: RequestParts = {
      keyId: 'ck_acme',
      target: '/v1/balances?currency=usdt',
      timestamp: Math.floor(Date.now() / 1000),
      headers: { Connection: 'close' },
    };
    const [first, second] = services.map(({ port }) => port) as [number, number];
    const response = await exchangeUntilServed(first, parts);
    expect([response.status, response.body]).toEqual([
      200,
      '{"success":true,"message":"OK","data":[{"currency":"USDT","network":"ETH","balance":"3.00","held":"1.00","available":"2.00"}],"data_count":1}',
    ]);
    for (const port of [first, second]) expect((await exchangeUntilServed(port, parts)).status).toBe(401);
    const elsewhere = { ...parts, method: 'DELETE', target: '/v1/balances' };
    expect((await exchangeUntilServed(second, elsewhere)).headers.allow).toBe('GET');
  });
});
