import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebhookDelivery, type WebhookInbox, webhooks } from '@cpg/client';
import { LOOPBACK } from '../ports.ts';
import { openIoredis, openNodeRedis, openPostgres, WORKER_SECRET } from './inboxes.ts';

const LEASE_MS = 2_000;

/** What a worker does with an event: `credit` writes it down, in whatever way the backend offers. */
interface Backend {
  readonly inbox: WebhookInbox;
  credit(delivery: WebhookDelivery, pauseBeforeCommit: () => Promise<void>): Promise<void>;
}

const openRedis = async (open: typeof openNodeRedis | typeof openIoredis, port: number): Promise<Backend> => {
  const { inbox, command } = await open(port);
  return {
    inbox: inbox(),
    credit: async ({ claim }) => void (await command('INCR', `credit:${claim.eventId}`)),
  };
};

const openPg = async (port: number): Promise<Backend> => {
  const { inbox: create } = await openPostgres(`postgresql://cpg@${LOOPBACK}:${port}/postgres`);
  const inbox = create();
  return {
    inbox,
    credit: ({ claim }, pauseBeforeCommit) =>
      inbox.transaction(claim, async (client) => {
        await client.query('INSERT INTO credit (event_id) VALUES ($1)', [claim.eventId]);
        await pauseBeforeCommit();
      }),
  };
};

const BACKENDS = {
  'node-redis': (port: number) => openRedis(openNodeRedis, port),
  ioredis: (port: number) => openRedis(openIoredis, port),
  postgres: openPg,
};

export type InboxBackend = keyof typeof BACKENDS;

/**
 * Where a worker pauses until its parent sends a message: before it writes, or before it commits. The parent
 * is told by the message `begun`.
 */
export type WorkerPause = 'never' | 'before' | 'before-commit';

/** A receiver of webhooks, one of several processes that share an inbox. Sends its parent the port. */
const run = async (backend: InboxBackend, port: number, pauseAt: WorkerPause): Promise<void> => {
  const { inbox, credit } = await BACKENDS[backend](port);
  const pause = async (at: WorkerPause) => {
    if (pauseAt !== at) return;
    process.send?.('begun');
    await once(process, 'message');
  };
  const server = createServer(
    webhooks.receiver({
      secret: WORKER_SECRET,
      inbox,
      leaseMs: LEASE_MS,
      onEvent: async (_event, delivery) => {
        await pause('before');
        await credit(delivery, () => pause('before-commit'));
      },
    }),
  );
  server.listen(0, LOOPBACK, () => process.send?.((server.address() as AddressInfo).port));
  // The parent has ended, or is done with this worker.
  process.on('disconnect', () => process.exit());
};

const [, , backend, port, pauseAt] = process.argv;
await run(backend as InboxBackend, Number(port), pauseAt as WorkerPause);
