import { itIsAnInbox, makeClaim } from '@cpg/test-support/client/inbox-cases';
import { openPostgres } from '@cpg/test-support/client/inboxes';
import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram, itInCi } from '@cpg/test-support/programs';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatPostgresInboxTable, postgresInbox } from './postgres-inbox.ts';

const LEASE_MS = 60_000;

describeWithProgram('postgres', 'postgresInbox', () => {
  let server: Postgres;
  let opened: Awaited<ReturnType<typeof openPostgres>>;
  let inbox: ReturnType<typeof opened.inbox>;
  beforeAll(async () => {
    server = await startPostgres();
    opened = await openPostgres(server.url);
    inbox = opened.inbox();
  });
  afterAll(async () => {
    await opened.close();
    await server.stop();
  });
  beforeEach(() => opened.pool.query('TRUNCATE cpg_webhook_inbox, credit'));

  const insertCredit = (client: pg.ClientBase, eventId: number) =>
    client.query('INSERT INTO credit (event_id) VALUES ($1)', [eventId]);
  const claimNew = async (eventId: number, leaseMs = LEASE_MS) => {
    const claim = makeClaim(eventId);
    expect(await inbox.claim(claim, leaseMs)).toEqual({ state: 'claimed' });
    return claim;
  };
  /** Ends all leases, as time would. */
  const endLeases = () =>
    opened.pool.query(`UPDATE cpg_webhook_inbox SET expires_at = now() WHERE NOT is_handled`);

  itIsAnInbox(() => inbox);

  it('takes a function that resolves to the rows', async () => {
    const query = async (text: string, values: unknown[]) => (await opened.pool.query(text, values)).rows;
    const other = postgresInbox(query);
    const claim = await claimNew(1);
    expect(await other.claim(makeClaim(1), LEASE_MS)).toMatchObject({ state: 'busy' });
    expect(await other.complete(claim)).toBe(true);
    expect(await other.claim(makeClaim(1), LEASE_MS)).toEqual({ state: 'handled' });
    expect(other).not.toHaveProperty('transaction');
  });

  it('has a table of any name in any schema, created as often as you like', async () => {
    await opened.pool.query('CREATE SCHEMA shop');
    const table = 'shop.inbox_2';
    for (let run = 0; run < 2; run += 1) await opened.pool.query(formatPostgresInboxTable({ table }));
    expect(await opened.inbox({ table }).claim(makeClaim(1), LEASE_MS)).toEqual({ state: 'claimed' });
    expect((await opened.pool.query('SELECT event_id FROM shop.inbox_2')).rows).toEqual([{ event_id: '1' }]);
  });

  describe('transaction', () => {
    it('commits the writes and the mark together', async () => {
      const claim = await claimNew(1);
      const result = await inbox.transaction(claim, async (client) => {
        await insertCredit(client, 1);
        expect(await opened.countCredits()).toBe(0);
        return 'done';
      });
      expect(result).toBe('done');
      expect(await opened.countCredits()).toBe(1);
      expect(await inbox.claim(makeClaim(1), LEASE_MS)).toEqual({ state: 'handled' });
      // The receiver does so after onEvent.
      expect(await inbox.complete(claim)).toBe(true);
    });

    it('rolls both back when the work fails', async () => {
      const claim = await claimNew(1);
      const work = async (client: pg.PoolClient) => {
        await insertCredit(client, 1);
        throw new Error('no such account');
      };
      await expect(inbox.transaction(claim, work)).rejects.toThrow('no such account');
      expect(await opened.countCredits()).toBe(0);
      expect(await inbox.claim(makeClaim(1), LEASE_MS)).toMatchObject({ state: 'busy' });
      await inbox.release(claim);
      await claimNew(1);
    });

    it('does not write for a claim that another process took over', async () => {
      const slow = await claimNew(1);
      await endLeases();
      const second = await claimNew(1);
      const work = vi.fn((client: pg.PoolClient) => insertCredit(client, 1));
      await expect(inbox.transaction(slow, work)).rejects.toMatchObject({
        code: 'callback_failed',
        message: expect.stringContaining('another process has claimed or handled event 1'),
      });
      expect(work).not.toHaveBeenCalled();
      await inbox.transaction(second, (client) => insertCredit(client, 1));
      expect(await opened.countCredits()).toBe(1);
    });

    it('makes another claim wait for its outcome, even after the lease', async () => {
      const claim = await claimNew(1);
      let late: Promise<unknown> = Promise.resolve();
      await inbox.transaction(claim, async (client) => {
        await insertCredit(client, 1);
        late = Promise.resolve(inbox.claim(makeClaim(1), LEASE_MS));
        const isWaiting = async () =>
          (await client.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).rowCount;
        await expect.poll(isWaiting, { timeout: 30_000 }).toBe(1);
        // Does not wait for the transaction.
        await inbox.renew?.(claim, 1);
      });
      expect(await late).toEqual({ state: 'handled' });
    });

    it('leaves no broken client in the pool, and the process running, when its connection is lost', async () => {
      const claim = await claimNew(1);
      const killed = inbox.transaction(claim, async (client) => {
        await insertCredit(client, 1);
        const ended = new Promise((resolve) => void client.once('end', resolve));
        await opened.pool.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'",
        );
        await ended;
      });
      await expect(killed).rejects.toThrow();
      expect(await opened.countCredits()).toBe(0);
      await inbox.transaction(claim, (client) => insertCredit(client, 1));
      expect(await opened.countCredits()).toBe(1);
    });
  });

  describe('completeIn', () => {
    it.each<[string, (client: pg.Client) => Parameters<typeof inbox.completeIn>[0]]>([
      ['a client', (client) => client],
      ['a function', (client) => (text, values) => client.query(text, values)],
    ])('marks the event in the transaction of %s', async (_, toTransaction) => {
      const client = new pg.Client(server.url);
      await client.connect();
      const claim = await claimNew(1);
      await client.query('BEGIN');
      await insertCredit(client, 1);
      await inbox.completeIn(toTransaction(client), claim);
      await client.query('ROLLBACK');
      expect(await inbox.claim(makeClaim(1), LEASE_MS)).toMatchObject({ state: 'busy' });
      await client.query('BEGIN');
      await insertCredit(client, 1);
      await inbox.completeIn(toTransaction(client), claim);
      await client.query('COMMIT');
      await client.end();
      expect(await inbox.claim(makeClaim(1), LEASE_MS)).toEqual({ state: 'handled' });
      expect(await opened.countCredits()).toBe(1);
    });
  });

  it('deletes what expired more than a day ago', async () => {
    await opened.pool.query(
      "INSERT INTO cpg_webhook_inbox SELECT n, 't', true, now() - n * interval '10 hours' FROM generate_series(1, 4) AS n",
    );
    const fresh = opened.inbox();
    await fresh.complete(await claimNew(9));
    const readIds = async () =>
      (await opened.pool.query('SELECT event_id FROM cpg_webhook_inbox ORDER BY 1')).rows.map((row) =>
        Number(row.event_id),
      );
    await expect.poll(readIds, { timeout: 30_000 }).toEqual([1, 2, 9]);
  });

  itInCi('rejects while PostgreSQL hangs or is down, and works again after', async () => {
    const own = await startPostgres();
    const other = await openPostgres(own.url);
    try {
      const hurried = other.inbox({ timeoutMs: 200 });
      await own.signal('SIGSTOP');
      await expect(hurried.claim(makeClaim(1), LEASE_MS)).rejects.toMatchObject({
        code: 'callback_failed',
        message: 'postgresInbox: claim got no reply within 200 ms.',
      });
      await own.signal('SIGCONT');
      await own.signal('SIGKILL');
      await expect(hurried.claim(makeClaim(2), LEASE_MS)).rejects.toThrow();
      await own.start();
      await expect
        .poll(() => Promise.resolve(hurried.claim(makeClaim(3), LEASE_MS)).catch(() => undefined), {
          timeout: 30_000,
        })
        .toMatchObject({ state: expect.stringMatching('claimed|busy') });
    } finally {
      await other.close();
      await own.stop();
    }
  });
});

describe('postgresInbox', () => {
  const query = async () => [];
  it.each<[string, unknown, object | undefined, string]>([
    ['no database', undefined, undefined, 'postgresInbox needs a Pool or client of pg'],
    ['a URL', 'postgresql://localhost', undefined, 'postgresInbox needs a Pool or client of pg'],
    ['a table that needs quotes', query, { table: 'Inbox; --' }, 'postgresInbox: table must be a name of'],
    ['a short retention', query, { retentionMs: 1 }, 'postgresInbox: retentionMs must be a whole number'],
  ])('rejects %s', (_, database, options, message) => {
    expect(() => postgresInbox(database as typeof query, options)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(message) }),
    );
  });

  it('rejects a query function that returns something else than rows', async () => {
    const inbox = postgresInbox(async () => 'no rows');
    await expect(inbox.claim(makeClaim(1), LEASE_MS)).rejects.toMatchObject({
      code: 'callback_failed',
      message: 'postgresInbox: query() must return the rows, or an object with rows: got a string.',
    });
  });
});
