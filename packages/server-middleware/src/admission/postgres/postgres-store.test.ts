import { createHash } from 'node:crypto';
import { describeWithProgram } from '@cpg/test-support/programs';
import { admissionRequest, admissionRequests } from '@cpg/test-support/server-middleware/admission-requests';
import { NOW, recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import { countDecisions, startAdmissionDatabase } from '@cpg/test-support/server-middleware/postgres';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AdmissionRequest } from '../admission-store.ts';
import { createPostgresSchema } from './postgres-schema.ts';
import { type PostgresStoreOptions, postgresStore } from './postgres-store.ts';

const clock = () => NOW * 1000;
const MINUTE = Math.floor(NOW / 60);
const WAIT = { timeout: 30_000 };

describeWithProgram('postgres', 'postgresStore', () => {
  let database: Awaited<ReturnType<typeof startAdmissionDatabase>>;
  const createStore = (options: PostgresStoreOptions = {}, pool: pg.PoolConfig = {}) =>
    postgresStore(database.open(pool), { clock, deadlineMs: 10_000, logger: recordingLogger(), ...options });
  beforeAll(async () => {
    database = await startAdmissionDatabase();
  });
  afterEach(async () => {
    await database.closePools();
    await database.clear();
  });
  afterAll(() => database.stop());

  it('finds its tables when several processes have created them at once, again', async () => {
    await database.admin.query('DROP SCHEMA cpg CASCADE');
    await Promise.all(Array.from({ length: 4 }, () => createPostgresSchema(database.admin)));
    expect(await createStore().admit(admissionRequest(1))).toBe('admitted');
    await createPostgresSchema(database.admin);
    expect(await createStore().admit(admissionRequest(1))).toBe('replayed');
  });

  it('admits a signature once for a key, also for another store of the same database', async () => {
    const [first, second] = [createStore(), createStore()];
    expect(await first.admit(admissionRequest(1))).toBe('admitted');
    expect(await second.admit(admissionRequest(1))).toBe('replayed');
    expect(await first.admit(admissionRequest(1))).toBe('replayed');
    expect(await second.admit(admissionRequest(1, { keyId: 'ck_other' }))).toBe('admitted');
  });

  it('shares the rate counter; a replay or a rejection is not counted, and a rejected signature stays unused', async () => {
    const store = createStore();
    const slow = (digit: number, overrides: Partial<AdmissionRequest> = {}) =>
      store.admit(admissionRequest(digit, { limit: 2, ...overrides }));
    expect(await slow(1)).toBe('admitted');
    expect(await slow(1)).toBe('replayed');
    expect(await slow(2)).toBe('admitted');
    expect(await slow(3)).toBe('rate_limited');
    expect(await slow(1)).toBe('replayed');
    expect(await slow(3, { minute: MINUTE + 1 })).toBe('admitted');
    expect(await slow(4, { limit: 0, minute: MINUTE + 2 })).toBe('rate_limited');
    // A process whose clock is behind counts in its own minute.
    expect(await slow(5)).toBe('rate_limited');
    // The minute that had the same place in the counters is over.
    expect(await slow(5, { minute: MINUTE + 4 })).toBe('admitted');
  });

  it('counts a route with a limit on top of the key, and both or neither', async () => {
    const store = createStore();
    const route = { id: 'POST /v1/uploads', limit: 2 };
    const send = (digit: number, overrides: Partial<AdmissionRequest> = {}) =>
      store.admit(admissionRequest(digit, { limit: 4, route, ...overrides }));
    expect([await send(1), await send(2), await send(3)]).toEqual(['admitted', 'admitted', 'rate_limited']);
    expect(await send(1)).toBe('replayed');
    expect(await send(3, { route: undefined })).toBe('admitted');
    expect(await send(4, { route: { id: 'POST /v1/other', limit: 1 } })).toBe('admitted');
    expect(await send(5, { route: { id: 'POST /v1/third', limit: 1 } })).toBe('rate_limited');
    expect(await send(5, { keyId: 'ck_other' })).toBe('admitted');
    expect([await send(6, { minute: MINUTE + 1 }), await database.admitted()]).toEqual(['admitted', 5]);
  });

  it('never exceeds the limits of two routes of one key at once', async () => {
    const stores = [createStore(), createStore()];
    const decisions = await Promise.all(
      admissionRequests(200, { limit: 50 }).map((one, index) =>
        stores[index % 2]?.admit({ ...one, route: { id: `route ${index % 4}`, limit: 10 } }),
      ),
    );
    expect(countDecisions(decisions)).toEqual({ admitted: 40, rate_limited: 160 });
    expect(await database.admitted('ck_full route 1')).toBe(10);
  });

  it('counts up to a limit that is lowered within the minute', async () => {
    const store = createStore();
    for (const one of admissionRequests(5)) await store.admit(one);
    expect(await store.admit(admissionRequest(5, { limit: 5 }))).toBe('rate_limited');
    expect(await store.admit(admissionRequest(5, { limit: 6 }))).toBe('admitted');
  });

  it.each([1, 3, 16, 17, 100, 157])('never exceeds a limit of %d, and reaches it', async (limit) => {
    const stores = [createStore(), createStore()];
    const decisions = await Promise.all(
      admissionRequests(200, { limit }).map((one, index) => stores[index % 2]?.admit(one)),
    );
    expect(countDecisions(decisions)).toEqual({ admitted: limit, rate_limited: 200 - limit });
    expect(await database.admitted()).toBe(limit);
    expect(await database.recorded()).toBe(limit);
  });

  it('admits one of many copies at once, also the one that uses up the limit', async () => {
    const stores = [createStore(), createStore()];
    for (const limit of [1, 2, 1_000]) {
      const overrides = { limit, keyId: `ck_${limit}` };
      const copies = Array.from({ length: 40 }, (_, index) =>
        stores[index % 2]?.admit(admissionRequest(1, overrides)),
      );
      expect(countDecisions(await Promise.all(copies))).toEqual({ admitted: 1, replayed: 39 });
      expect(await database.admitted(overrides.keyId)).toBe(1);
    }
  });

  it('runs one statement for a request, prepared once for a connection', async () => {
    const pool = database.open({ max: 1 });
    const sent: unknown[] = [];
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
      client.query = ((...parameters: unknown[]) => {
        sent.push((parameters[0] as pg.QueryConfig).name);
        return query(...parameters);
      }) as typeof client.query;
    });
    const store = postgresStore(pool, { clock, deadlineMs: 10_000 });
    for (const one of admissionRequests(10)) await store.admit(one);
    // The clock of the server, then the admissions, among them the first expiry.
    expect(sent).toEqual([undefined, 'cpg_admit_cpg', undefined, ...Array(9).fill('cpg_admit_cpg')]);
    const { rows } = await pool.query(
      'SELECT name, generic_plans + custom_plans AS runs FROM pg_prepared_statements',
    );
    expect(rows).toEqual([{ name: 'cpg_admit_cpg', runs: '10' }]);
  });

  it('stores no signature', async () => {
    await createStore().admit(admissionRequest(7));
    const { rows } = await database.admin.query<{ readonly id: Buffer }>('SELECT id FROM cpg.signature');
    const id = createHash('sha256')
      .update(`ck_full\n${admissionRequest(7).signature}`)
      .digest('hex');
    expect(rows.map((row) => row.id.toString('hex'))).toEqual([id]);
  });

  it('waits for the disk, whatever synchronous_commit the role has', async () => {
    const store = createStore({}, { options: '-c synchronous_commit=off' });
    let flushed = 0;
    for (const one of admissionRequests(20)) {
      expect(await store.admit(one)).toBe('admitted');
      const { rows } = await database.admin.query(
        'SELECT pg_current_wal_flush_lsn() = pg_current_wal_insert_lsn() AS flushed',
      );
      if (rows[0]?.flushed === true) flushed += 1;
    }
    // Now and then PostgreSQL has begun a page, or has written a record of its own. Without the wait it is 0 of 20.
    expect(flushed).toBeGreaterThan(15);
  });

  it.each(['repeatable read', 'serializable'])(
    'decides the same when the default isolation is %s',
    async (isolation) => {
      const options = { options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}` };
      const stores = [createStore({}, options), createStore({}, options)];
      const twice = [...admissionRequests(40, { limit: 20 }), ...admissionRequests(40, { limit: 20 })];
      const decisions = await Promise.all(twice.map((one, index) => stores[index % 2]?.admit(one)));
      expect(countDecisions(decisions).admitted).toBe(20);
      expect(await database.admitted()).toBe(20);
      expect(await database.recorded()).toBe(20);
    },
  );

  describe('expiry', () => {
    const ago = (seconds: number) =>
      database.admin.query('UPDATE cpg.signature SET recorded_minute = recorded_minute - $1', [
        Math.ceil(seconds / 60),
      ]);
    const expire = async (now: number, logger = recordingLogger()) => {
      const keyId = 'ck_expiry';
      await createStore({ clock: () => now * 1000, logger }).admit(
        admissionRequest(0, { keyId, usedUntil: now + 300 }),
      );
      return logger;
    };

    it('empties the partitions that both clocks find expired, and returns their space', async () => {
      const store = createStore();
      for (const one of admissionRequests(300)) await store.admit(one);
      const getSize = async () =>
        Number(
          (
            await database.admin.query(
              "SELECT sum(pg_total_relation_size(relid)) AS size FROM pg_partition_tree('cpg.signature')",
            )
          ).rows[0]?.size,
        );
      const full = await getSize();
      await ago(900);
      await expire(NOW + 1_200);
      await expect.poll(database.recorded, WAIT).toBe(1);
      expect(await getSize()).toBeLessThan(full);
    });

    it.each([
      ['the services', NOW + 86_400, 0],
      ['the database', NOW, 86_400],
    ])('forgets nothing when the clock of %s is a day ahead', async (_which, now, seconds) => {
      const store = createStore();
      await store.admit(admissionRequest(1));
      await ago(seconds);
      await expire(now);
      await expire(now);
      expect(await store.admit(admissionRequest(1))).toBe('replayed');
    });

    it('leaves a partition that a backup reads for later', async () => {
      const store = createStore();
      await store.admit(admissionRequest(1));
      await ago(900);
      const backup = await database.admin.connect();
      await backup.query('BEGIN; SELECT count(*) FROM cpg.signature');
      const logger = await expire(NOW + 1_200);
      expect(await database.recorded()).toBe(2);
      await backup.query('COMMIT');
      backup.release();
      await expire(NOW + 1_200);
      await expect.poll(database.recorded, WAIT).toBe(1);
      expect(logger.lines).toEqual([]);
    });

    it('logs when it fails, and admits', async () => {
      await database.admin.query('ALTER FUNCTION cpg.expire(bigint) RENAME TO gone');
      const logger = await expire(NOW);
      await expect.poll(() => logger.lines.length, WAIT).toBe(1);
      expect(logger.lines[0]?.message).toContain(
        'Expired signatures could not be deleted, and will be later. PostgreSQL rejected the statement with SQLSTATE 42883',
      );
      await database.admin.query('ALTER FUNCTION cpg.gone(bigint) RENAME TO expire');
    });
  });
});
