import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { InboxBackend, WorkerPause } from '@cpg/test-support/client/inbox-process';
import { openNodeRedis, openPostgres, WORKER_SECRET } from '@cpg/test-support/client/inboxes';
import { LOOPBACK } from '@cpg/test-support/ports';
import { startPostgres } from '@cpg/test-support/postgres';
import { describeInCi } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeWebhook } from '../testing/signed-messages.ts';

const PROGRAM = fileURLToPath(import.meta.resolve('@cpg/test-support/client/inbox-process'));
const WAIT = { timeout: 60_000, interval: 100 };

interface Worker {
  readonly child: ChildProcess;
  /** Resolves when the worker pauses within `onEvent`. */
  readonly begun: Promise<unknown>;
  deliver(eventId: number): Promise<{ readonly status: number; readonly retryAfter: number }>;
}

const deliver = async (port: number, eventId: number) => {
  const { headers, body } = makeWebhook({ secret: WORKER_SECRET, event: 'deposit.confirmed', id: eventId });
  const response = await fetch(`http://${LOOPBACK}:${port}/`, {
    method: 'POST',
    headers: { ...headers },
    body: new Uint8Array(body),
  });
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after')) };
};

const workers: ChildProcess[] = [];
afterEach(async () => {
  for (const child of workers.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

const startWorker = async (
  backend: InboxBackend,
  port: number,
  pause: WorkerPause = 'never',
): Promise<Worker> => {
  const child = fork(PROGRAM, [backend, String(port), pause], { execArgv: ['--conditions=@cpg/source'] });
  workers.push(child);
  const [workerPort] = await once(child, 'message');
  const begun = new Promise((resolve) => void child.once('message', resolve));
  return { child, begun, deliver: (eventId) => deliver(workerPort, eventId) };
};

const kill = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

describeInCi('an inbox shared by several processes', () => {
  let redis: RedisServer;
  let opened: Awaited<ReturnType<typeof openNodeRedis>>;
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let database: Awaited<ReturnType<typeof openPostgres>>;
  beforeAll(async () => {
    redis = await RedisServer.start();
    postgres = await startPostgres();
    opened = await openNodeRedis(redis.port);
    database = await openPostgres(postgres.url);
  });
  afterAll(async () => {
    await opened.close();
    await database.close();
    await redis.stop();
    await postgres.stop();
  });

  const countRedis = async (eventId: number) => Number(await opened.command('GET', `credit:${eventId}`));
  const countPostgres = async (eventId: number) => {
    const text = 'SELECT count(*) AS n FROM credit WHERE event_id = $1';
    return Number((await database.pool.query(text, [eventId])).rows[0].n);
  };

  describe.each<[InboxBackend, number, WorkerPause]>([
    ['node-redis', 1_000, 'before'],
    ['ioredis', 2_000, 'before'],
    ['postgres', 3_000, 'before-commit'],
  ])('with %s', (backend, firstId, pause) => {
    const getPort = () => (backend === 'postgres' ? postgres.port : redis.port);
    const count = backend === 'postgres' ? countPostgres : countRedis;

    it('delivers an event again when a process is killed inside onEvent, and handles it once', async () => {
      const [first, second] = await Promise.all([
        startWorker(backend, getPort(), pause),
        startWorker(backend, getPort()),
      ]);
      const lost = first.deliver(firstId).catch(() => 'lost');
      await first.begun;
      await kill(first.child);
      expect(await lost).toBe('lost');
      expect(await count(firstId)).toBe(0);
      // The gateway delivers again, until the lease has ended.
      const statuses: number[] = [];
      const deliverAgain = async () => {
        const { status, retryAfter } = await second.deliver(firstId);
        statuses.push(status);
        if (status === 409) expect(retryAfter).toBeGreaterThan(0);
        return status;
      };
      await expect.poll(deliverAgain, WAIT).toBe(200);
      expect(statuses[0]).toBe(409);
      expect(new Set(statuses)).toEqual(new Set([409, 200]));
      expect(await count(firstId)).toBe(1);
      expect((await second.deliver(firstId)).status).toBe(200);
      expect(await count(firstId)).toBe(1);
    });

    it('handles an event once that two processes receive at the same time', async () => {
      const both = await Promise.all([startWorker(backend, getPort()), startWorker(backend, getPort())]);
      for (let eventId = firstId + 1; eventId <= firstId + 20; eventId += 1) {
        const deliveries = [...both, ...both, ...both, ...both].map((worker) => worker.deliver(eventId));
        const statuses = (await Promise.all(deliveries)).map(({ status }) => status);
        expect(statuses).toContain(200);
        expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
        expect(await count(eventId)).toBe(1);
      }
    });
  });

  it('with a transaction of PostgreSQL handles an event once, even if a process stops for longer than its lease', async () => {
    const eventId = 4_000;
    const [first, second] = await Promise.all([
      startWorker('postgres', postgres.port, 'before'),
      startWorker('postgres', postgres.port),
    ]);
    const stopped = first.deliver(eventId);
    await first.begun;
    first.child.kill('SIGSTOP');
    await expect.poll(async () => (await second.deliver(eventId)).status, WAIT).toBe(200);
    expect(await countPostgres(eventId)).toBe(1);
    first.child.kill('SIGCONT');
    first.child.send('go on');
    expect((await stopped).status).toBe(500);
    expect(await countPostgres(eventId)).toBe(1);
  });
});
