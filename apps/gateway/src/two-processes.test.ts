import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { balanceConnections, forwardToAll } from '@cpg/test-support/gateway/load-balancers';
import { type GatewayProcess, startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MINUTE = 60_000;

describeInCi('PostgreSQL and Redis under two processes', () => {
  let postgres: Postgres;
  let redis: RedisServer;
  let environment: Readonly<Record<string, string>>;
  let gateways: readonly GatewayProcess[] = [];
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), RedisServer.start()]);
    environment = {
      DATABASE_URL: postgres.createDatabase('shared'),
      REDIS_URL: redis.url,
      CPG_MASTER_KEY: 'ef'.repeat(32),
      CPG_SANDBOX: 'true',
      CPG_LOG_LEVEL: 'fatal',
    };
    // Started concurrently: only one of them may write migrations and demo data.
    gateways = await Promise.all([
      startGatewayFromSources(environment),
      startGatewayFromSources(environment),
    ]);
  }, 2 * MINUTE);
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop('SIGTERM')));
    await redis.stop();
    await postgres.stop();
  }, MINUTE);

  const seconds = () => Math.floor(Date.now() / 1000);
  let signed = 0;
  const sign = (keyId: string, secret: string, ahead = 0) => {
    // A unique query per request: equal requests in one second have equal signatures.
    signed += 1;
    const target = `/v1/_ping?of=two-processes&n=${signed}`;
    const key = createSigningKey(`cpg-demo-${secret}-DO-NOT-USE-IN-PRODUCTION`);
    const { headers } = signRequest({ keyId, key, method: 'GET', target, timestamp: seconds() + ahead });
    return { target, headers };
  };
  const send = (gateway: GatewayProcess | undefined, { target, headers }: ReturnType<typeof sign>) =>
    fetch(`${gateway?.url}${target}`, { headers });
  const ping = async (...parameters: Parameters<typeof send>) => (await send(...parameters)).status;

  it('accept a signature once in total', async () => {
    const [first, second] = gateways;
    const request = sign('ck_demo_full', 'full');
    expect([await ping(first, request), await ping(second, request)]).toEqual([200, 401]);
    const races = Array.from({ length: 30 }, async () => {
      const raced = sign('ck_demo_full', 'full');
      const statuses = await Promise.all([ping(first, raced), ping(second, raced), ping(first, raced)]);
      return statuses.sort();
    });
    for (const statuses of await Promise.all(races)) expect(statuses).toEqual([200, 401, 401]);
  });

  const setClocks = async (now: number | null) => {
    for (const { operationsUrl } of gateways) {
      const options = { method: 'PUT', headers: { 'content-type': 'application/json' } };
      await fetch(`${operationsUrl}/_sandbox/clock`, { ...options, body: JSON.stringify({ now }) });
    }
  };

  it('share the rate limit of a key', async () => {
    // In the middle of a minute, so all requests count in one window.
    const now = seconds();
    await setClocks(now - (now % 60) + 30);
    const statuses: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      statuses.push(await ping(gateways[count % 2], sign('ck_demo_slow_a', 'slow-a')));
    }
    await setClocks(null);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  });

  it('recover after their clocks were ahead', async () => {
    await setClocks(seconds() + 86_400);
    expect(await ping(gateways[0], sign('ck_demo_full', 'full', 86_400))).toBe(200);
    await setClocks(null);
    const request = sign('ck_demo_full', 'full');
    expect([await ping(gateways[1], request), await ping(gateways[0], request)]).toEqual([200, 401]);
  });

  // The suite moves the clock, so each run counts in the same rate limit windows.
  const forgetCounts = async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.flushAll();
    await client.close();
  };
  const runSuite = async (url: string, clockUrl: string, ...more: readonly string[]) => {
    await forgetCounts();
    const parameters = [
      '--conditions=@cpg/source',
      'apps/conformance/src/main.ts',
      'server',
      ...['--url', url, '--clock-url', clockUrl],
      ...['--keys', 'apps/conformance/demo-keys.json'],
      ...more,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: ROOT }).catch(
      (failed: { readonly stdout: string }) => failed,
    );
    expect(stdout).toMatch(/^[1-9]\d* passed, 0 failed$/m);
  };

  it('pass the conformance suite, with its cases for peers', async () => {
    const [first, second] = gateways;
    const more = ['--peer-url', second?.url ?? ''];
    await runSuite(first?.url ?? '', `${first?.operationsUrl}/_sandbox/clock`, ...more);
  }, 300_000);

  it.each(['server-replay-*', 'server-race-*', 'server-rate-*', 'server-accept-*'])(
    'pass %s together behind a round-robin load balancer',
    async (pattern) => {
      const balancer = await balanceConnections(gateways.map(({ url }) => url));
      const clock = await forwardToAll(
        gateways.map(({ operationsUrl }) => `${operationsUrl}/_sandbox/clock`),
      );
      try {
        await runSuite(balancer.url, clock.url, '--run', pattern);
      } finally {
        await balancer.close();
        await clock.close();
      }
    },
    300_000,
  );

  it('share the limit per address, counted before authentication', async () => {
    const limited = await Promise.all(
      [0, 1].map(() => startGatewayFromSources({ ...environment, CPG_IP_LIMIT_PER_MINUTE: '6' })),
    );
    const statuses: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      statuses.push((await fetch(`${limited[count % 2]?.url}/v1/_ping`)).status);
    }
    await Promise.all(limited.map((gateway) => gateway.stop('SIGTERM')));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
  });

  it('reject requests when Redis is gone', async () => {
    await redis.stop();
    for (const gateway of gateways) {
      const response = await send(gateway, sign('ck_demo_full', 'full'));
      expect({ status: response.status, retryAfter: response.headers.get('retry-after') }).toEqual({
        status: 503,
        retryAfter: '1',
      });
      const ready = await fetch(`${gateway.url}/readyz`);
      expect({ status: ready.status, body: await ready.json() }).toEqual({
        status: 503,
        body: { status: 'unavailable', database: 'ok', admission: 'unreachable', settlement: 'ok' },
      });
    }
  });
});
