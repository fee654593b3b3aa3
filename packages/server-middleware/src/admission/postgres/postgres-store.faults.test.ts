import { setImmediate as turn } from 'node:timers/promises';
import { admissionRequest } from '@cpg/test-support/server-middleware/admission-requests';
import { NOW, recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it, vi } from 'vitest';
import { type PostgresClient, PostgresConnections, type PostgresPool } from './postgres-client.ts';
import { createPostgresSchema, formatPostgresSchema } from './postgres-schema.ts';
import { postgresStore } from './postgres-store.ts';

interface Query {
  readonly name?: string;
  readonly text: string;
}

/** A pool whose only client responds to each admission with the next of these: a decision, or an error. */
const poolReplying = (...replies: readonly unknown[]) => {
  const queries: Query[] = [];
  const releases: (boolean | undefined)[] = [];
  const left = [...replies];
  const client: PostgresClient = {
    query: async (query) => {
      if (!query.text.includes('.admit(')) return { rows: [{ server_ms: 0 }] };
      queries.push(query);
      const reply = left.shift();
      if (reply instanceof Error) throw reply;
      return { rows: [{ decision: reply, server_ms: 0 }] };
    },
    on: () => undefined,
    release: (destroy) => releases.push(destroy),
  };
  const pool: PostgresPool = { connect: async () => client, on: () => undefined };
  return { pool, queries, releases };
};

const serverError = (code: string, message = 'a reason') =>
  Object.assign(new Error(message), { code, severity: 'ERROR' });
const connectionError = (message: string, code?: string) => Object.assign(new Error(message), { code });

const admit = (pool: PostgresPool, deadlineMs = 10_000) =>
  postgresStore(pool, { clock: () => NOW * 1000, deadlineMs, logger: recordingLogger() }).admit(
    admissionRequest(1),
  );

describe('postgresStore', () => {
  it.each([undefined, null, {}, 'postgresql://127.0.0.1', { connect: () => undefined }])(
    'rejects %j as a pool',
    (pool) => {
      expect(() => postgresStore(pool as unknown as PostgresPool)).toThrow(
        'postgresStore: pool must be a pool of pg, new pg.Pool({ … })',
      );
    },
  );

  it.each([undefined, 0])(
    'rejects a pool with connectionTimeoutMillis %s, which could hang for ever',
    (given) => {
      const { pool } = poolReplying();
      const hanging = { ...pool, options: { connectionTimeoutMillis: given } };
      expect(() => postgresStore(hanging)).toThrow('pool must have a connectionTimeoutMillis, e.g.');
      expect(() => postgresStore({ ...pool, options: { connectionTimeoutMillis: 1 } })).not.toThrow();
    },
  );

  it.each(['', 'Cpg', 'a b', 'cpg"; DROP', 'x'.repeat(64), 1])('rejects %j as a schema', async (schema) => {
    const options = { schema: schema as string };
    const { pool } = poolReplying();
    const message = 'schema must be a name of lower-case letters, digits and "_"';
    expect(() => postgresStore(pool, options)).toThrow(message);
    expect(() => formatPostgresSchema(options)).toThrow(message);
    await expect(createPostgresSchema(pool, options)).rejects.toThrow(message);
  });

  it('has one schema by default, and another beside it', () => {
    expect(formatPostgresSchema()).toBe(formatPostgresSchema({ schema: 'cpg' }));
    expect(formatPostgresSchema({ schema: 'other' })).not.toMatch(/cpg\./);
  });

  it('survives a pool that rejects with no error', async () => {
    const { pool } = poolReplying();
    const rejecting: PostgresPool = { ...pool, connect: () => Promise.reject(undefined) };
    await expect(admit(rejecting)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'PostgreSQL failed: undefined',
    });
  });

  it.each([null, undefined, '', 'OK', 0, true, {}])('takes no reply %j for an admission', async (reply) => {
    await expect(admit(poolReplying(reply).pool)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('which is no decision'),
    });
  });

  it.each([
    [connectionError('read ECONNRESET', 'ECONNRESET')],
    [connectionError('', 'EPIPE')],
    [connectionError('Connection terminated unexpectedly')],
    [connectionError('Client has encountered a connection error and is not queryable')],
    [serverError('57P01')],
    [serverError('08006')],
  ])('runs the statement again, once, when the connection was lost: %s', async (thrown) => {
    const once = poolReplying(thrown, 'admitted');
    expect(await admit(once.pool)).toBe('admitted');
    const [first, second] = once.queries;
    expect(second).toEqual(first);
    expect(once.releases.slice(0, 2)).toEqual([true, false]);
    await expect(admit(poolReplying(thrown, thrown, 'admitted').pool)).rejects.toMatchObject({ status: 503 });
  });

  it.each([['busy'], [serverError('40001')], [serverError('40P01')]])(
    'runs the statement until it has decided: %s',
    async (reply) => {
      const { pool, queries } = poolReplying(reply, reply, reply, 'rate_limited');
      expect(await admit(pool)).toBe('rate_limited');
      expect(queries).toHaveLength(4);
    },
  );

  it.each(['busy', 'late'])('stops at its deadline: %s', async (reply) => {
    await expect(admit(poolReplying(...Array(100_000).fill(reply)).pool, 20)).rejects.toMatchObject({
      code: 'store_deadline',
    });
  });

  it.each([
    [serverError('42883'), 'store_unavailable', 'Fix: run createPostgresSchema(pool)', false],
    [serverError('42501'), 'store_unavailable', "Fix: grant the pool's role USAGE", false],
    [serverError('25006'), 'store_unavailable', 'Fix: connect to the primary', true],
    [serverError('28P01'), 'store_unavailable', 'Fix: check the user', false],
    [serverError('53300'), 'store_unavailable', 'Fix: raise max_connections', false],
    [serverError('53100'), 'store_unavailable', 'Fix: give the server more disk', false],
    [serverError('57014'), 'store_unavailable', 'Fix: let the statement_timeout', false],
    [serverError('XX000'), 'store_unavailable', 'XX000: a reason. Fix: see the log of the', true],
    [serverError('55P03'), 'store_deadline', 'did not get a lock in time: a reason', false],
    [connectionError('', 'ECONNREFUSED'), 'store_unavailable', 'PostgreSQL failed: ECONNREFUSED', true],
    [connectionError('timeout exceeded'), 'store_unavailable', 'PostgreSQL failed: timeout exceeded', true],
  ])('names the cause and the fix: %s', async (thrown, code, message, isClosed) => {
    const { pool, queries, releases } = poolReplying(thrown);
    await expect(admit(pool)).rejects.toMatchObject({
      code,
      status: 503,
      message: expect.stringContaining(message),
      cause: { message: thrown.message === '' ? thrown.code : thrown.message },
    });
    expect(queries).toHaveLength(1);
    expect(releases).toEqual([isClosed]);
  });

  it.each(['26000', '42P05'])('prepares no more behind a pooler in transaction mode: %s', async (state) => {
    const { pool, queries } = poolReplying(serverError(state), 'admitted', 'replayed', serverError(state));
    const store = postgresStore(pool, { clock: () => NOW * 1000, logger: recordingLogger() });
    expect([await store.admit(admissionRequest(1)), await store.admit(admissionRequest(1))]).toEqual([
      'admitted',
      'replayed',
    ]);
    expect(queries.map(({ name }) => name)).toEqual(['cpg_admit_cpg', undefined, undefined]);
    await expect(store.admit(admissionRequest(1))).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('returns a connection that it gets too late, and sends nothing on it', async () => {
    const { pool, queries, releases } = poolReplying('admitted');
    let give = () => {};
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const late: PostgresPool = { ...pool, connect: () => given.then(() => pool.connect()) };
    await expect(admit(late, 10)).rejects.toMatchObject({ code: 'store_deadline' });
    give();
    await vi.waitFor(() => expect(releases).toEqual([false]));
    expect(queries).toEqual([]);
  });

  it('names the deadline, not the connection that was closed for it', async () => {
    let fail: (error: Error) => void = () => {};
    const client: PostgresClient = {
      query: () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
      on: () => undefined,
      release: () => fail(connectionError('Connection terminated')),
    };
    const connections = new PostgresConnections({ connect: async () => client, on: () => undefined });
    const statement = { name: 'x', text: 'SELECT 1', values: () => [] };
    await expect(connections.run(statement, performance.now() + 20)).rejects.toMatchObject({
      code: 'store_deadline',
    });
  });

  it('keeps a session open for notices that are not warnings', async () => {
    const listeners: ((message: unknown) => void)[] = [];
    const { pool } = poolReplying('admitted', 'admitted');
    const client = await pool.connect();
    const noticing: PostgresClient = {
      ...client,
      on: (event, listener) => event === 'notice' && listeners.push(listener),
      query: async (query) => {
        for (const listener of listeners) listener({ code: notice, message: 'said the server' });
        return client.query(query);
      },
    };
    let notice = '00000';
    const store = postgresStore({ ...pool, connect: async () => noticing }, { clock: () => NOW * 1000 });
    expect(await store.admit(admissionRequest(1))).toBe('admitted');
    notice = '01000';
    await turn();
    await expect(store.admit(admissionRequest(2))).rejects.toThrow('PostgreSQL warned: said the server');
  });
});
