import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createOrders } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { canMountDisks, SmallDisk } from '@cpg/test-support/small-disk';
import { startCuttingProxy } from '@cpg/test-support/tcp-proxies';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../ledger/audit.ts';
import { openDatabase } from './open-database.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const MINUTE = 60_000;
// A request waits for a connection, and then for one statement; the rest is for a busy machine.
const DEADLINE_MS = 12_000;

const order = createOrders();
const withdraw = async (gateway: TestGateway, body: Record<string, unknown> = order()) => {
  const startedAt = performance.now();
  const { status } = await gateway.call('/v1/withdrawals', { method: 'POST', body });
  expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS);
  return status;
};
const readReadiness = async (gateway: TestGateway) => {
  const response = await fetch(`${gateway.url}/readyz`);
  const { database } = (await response.json()) as { readonly database: string };
  return { status: response.status, database };
};
const READY = { status: 200, database: 'ok' };
const brokenLaws = async (gateway: TestGateway) =>
  (await auditLedger(gateway.db)).flatMap(({ violations }) => violations);
/** Makes the gateway open all its connections. */
const openConnections = (gateway: TestGateway) =>
  Promise.all(Array.from({ length: 16 }, () => sql`SELECT pg_sleep(0.5)`.execute(gateway.db)));

describeInCi('a PostgreSQL server that fails without an error', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, MINUTE);
  afterAll(() => postgres.stop(), MINUTE);

  it(
    'frozen: requests get a 503 in time, the process is not ready, and both end with the freeze',
    async () => {
      const databaseUrl = postgres.createDatabase('frozen');
      const gateway = await startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32) });
      expect(await withdraw(gateway)).toBe(200);
      await openConnections(gateway);
      await postgres.signal('SIGSTOP');
      const bodies = Array.from({ length: 30 }, order);
      expect(await Promise.all(bodies.map((body) => withdraw(gateway, body)))).toEqual(bodies.map(() => 503));
      expect(await readReadiness(gateway)).toEqual({ status: 503, database: 'unreachable' });
      await postgres.signal('SIGCONT');
      const [body = order()] = bodies;
      await expect.poll(() => withdraw(gateway, body), WAIT).toBe(200);
      await expect.poll(() => readReadiness(gateway), WAIT).toEqual(READY);
      for (const retried of bodies) expect(await withdraw(gateway, retried)).toBe(200);
      const { count } = await gateway.db
        .selectFrom('withdrawal')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where(
          'client_reference',
          'in',
          bodies.map(({ client_reference }) => client_reference),
        )
        .executeTakeFirstOrThrow();
      expect(count).toBe(bodies.length);
      expect(await brokenLaws(gateway)).toEqual([]);
      await gateway.close();
    },
    3 * MINUTE,
  );

  it(
    'silent after a failover: the first timeout closes all the old connections',
    async () => {
      const proxy = await startCuttingProxy(postgres.port);
      const url = new URL(postgres.createDatabase('silent'));
      url.port = String(proxy.port);
      const gateway = await startTestGateway({ databaseUrl: url.href, masterKey: 'ab'.repeat(32) });
      expect(await withdraw(gateway)).toBe(200);
      // No task of the gateway finds the silent connections before the request does.
      await gateway.stopLoops();
      await openConnections(gateway);
      proxy.swallow();
      expect(await withdraw(gateway)).toBe(503);
      await expect.poll(() => withdraw(gateway), WAIT).toBe(200);
      const statuses: number[] = [];
      while (statuses.length < 20) statuses.push(await withdraw(gateway));
      // One for each of the old connections would fail; a busy machine may fail a few.
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(15);
      expect(await readReadiness(gateway)).toEqual(READY);
      expect(await brokenLaws(gateway)).toEqual([]);
      await gateway.close();
      proxy.close();
    },
    3 * MINUTE,
  );

  it(
    'silent: a request that was sent later does not wait for a timeout of its own',
    async () => {
      const proxy = await startCuttingProxy(postgres.port);
      const url = new URL(postgres.createDatabase('silent_later'));
      url.port = String(proxy.port);
      const db = await openDatabase({ databaseUrl: url.href, dataDir: undefined });
      const sleep = (seconds: number) => sql`SELECT pg_sleep(${seconds}::float)`.execute(db);
      await Promise.all([sleep(0.5), sleep(0.5)]);
      proxy.swallow();
      const first = expect(sleep(0)).rejects.toThrow('does not respond');
      await wait(3_000);
      const later = expect(sleep(0))
        .rejects.toThrow('does not respond')
        .then(() => 'with the first');
      await first;
      // Its own timeout would end three seconds after the first one.
      expect(await Promise.race([later, wait(2_500, 'at its own timeout')])).toBe('with the first');
      await sleep(0);
      await db.destroy();
      proxy.close();
    },
    MINUTE,
  );

  describe.skipIf(!canMountDisks)('a full disk', () => {
    let disk: SmallDisk;
    beforeAll(() => {
      disk = new SmallDisk();
    });
    afterAll(() => disk.unmount());

    const fillAndEmpty = async (gateway: TestGateway) => {
      expect(await withdraw(gateway)).toBe(200);
      disk.fill();
      const body = order();
      // Pages with free space are filled first.
      const isFull = () => withdraw(gateway, order());
      await expect.poll(isFull, { ...WAIT, interval: 1 }).toBe(503);
      await expect.poll(() => withdraw(gateway, body), WAIT).toBe(503);
      expect(await readReadiness(gateway)).toEqual({ status: 503, database: 'disk_full' });
      expect((await gateway.call('/v1/balances')).status).toBe(200);
      disk.empty();
      await expect.poll(() => readReadiness(gateway), WAIT).toEqual(READY);
      await expect.poll(() => withdraw(gateway, body), WAIT).toBe(200);
      expect(await brokenLaws(gateway)).toEqual([]);
    };

    it(
      'of PostgreSQL: 503 and not ready while reads work, and back with the space',
      async () => {
        const databaseUrl = await disk.createDatabase(postgres.url, 'small');
        const gateway = await startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32) });
        await fillAndEmpty(gateway);
        await gateway.close();
      },
      3 * MINUTE,
    );

    it(
      'of the embedded database: the same',
      async () => {
        const gateway = await startTestGateway({ dataDir: join(disk.folder, 'embedded') });
        await fillAndEmpty(gateway);
        await gateway.close();
      },
      3 * MINUTE,
    );
  });
});
