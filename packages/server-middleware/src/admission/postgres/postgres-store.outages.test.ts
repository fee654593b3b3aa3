import { describeWithProgram } from '@cpg/test-support/programs';
import { admissionRequest, admissionRequests } from '@cpg/test-support/server-middleware/admission-requests';
import { NOW, recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import { countDecisions, startAdmissionDatabase } from '@cpg/test-support/server-middleware/postgres';
import { startCuttingProxy } from '@cpg/test-support/tcp-proxies';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type PostgresStoreOptions, postgresStore } from './postgres-store.ts';

const clock = () => NOW * 1000;
const MINUTE = Math.floor(NOW / 60);
const WAIT = { timeout: 30_000 };

describeWithProgram('postgres', 'postgresStore on a server that', () => {
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

  const rejected = (code: string) => expect.objectContaining({ code });
  const getOutcome = (admission: unknown) => Promise.resolve(admission).catch((error: unknown) => error);
  const untilIdle = () =>
    expect
      .poll(async () => {
        const { rows } = await database.admin.query(
          "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%.admit(%' AND pid <> pg_backend_pid()",
        );
        return rows;
      }, WAIT)
      .toEqual([]);
  /** A store with a short deadline, on connections that are already open. */
  const createHasty = async (deadlineMs: number) => {
    const pool = database.open();
    const patient = postgresStore(pool, { clock, deadlineMs: 10_000, logger: recordingLogger() });
    await Promise.all(admissionRequests(10, { keyId: 'ck_warm' }).map((one) => patient.admit(one)));
    return { patient, hasty: postgresStore(pool, { clock, deadlineMs, maxPending: 200 }) };
  };

  it.each([
    ['', 300, undefined],
    [', with the shorter deadline of cpgAuth', 60_000, 300],
  ])(
    'hangs: what was rejected records nothing and uses no quota, also later%s',
    async (_of, deadlineMs, timeoutMs) => {
      const { patient, hasty } = await createHasty(deadlineMs);
      await database.server.signal('SIGSTOP');
      const waiting = admissionRequests(99, { limit: 100 });
      const startedAt = performance.now();
      const outcomes = await Promise.all(
        waiting.map((one) => getOutcome(hasty.admit({ ...one, timeoutMs }))),
      );
      await database.server.signal('SIGCONT');
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      expect(outcomes).toEqual(Array(99).fill(rejected('store_deadline')));
      await untilIdle();
      expect([await database.recorded(), await database.admitted()]).toEqual([10, 0]);
      expect(countDecisions(await Promise.all(waiting.map((one) => patient.admit(one))))).toEqual({
        admitted: 99,
      });
    },
  );

  it.each([
    [
      'the counters of the key',
      `SELECT pg_advisory_xact_lock(hashtextextended('ck_full', ${MINUTE} * 16 + shard)) FROM generate_series(0, 15) AS shard`,
    ],
    ['the signatures', 'LOCK TABLE cpg.signature'],
    [
      'the same signature, not yet committed',
      `SELECT cpg.admit(sha256('ck_full\n${'5'.padStart(64, '0')}'), 'ck_other', ${NOW + 300}, ${MINUTE}, 9, NULL, NULL, 9, 1e15)`,
    ],
  ])('waits for a lock of %s: the deadline holds, and nothing is recorded', async (_what, lock) => {
    const { patient, hasty } = await createHasty(100);
    const other = await database.admin.connect();
    await other.query(`BEGIN; ${lock}`);
    expect(await getOutcome(hasty.admit(admissionRequest(5)))).toEqual(rejected('store_deadline'));
    await other.query('ROLLBACK');
    other.release();
    await untilIdle();
    expect([await database.recorded(), await database.admitted()]).toEqual([10, 0]);
    expect(await patient.admit(admissionRequest(5))).toBe('admitted');
  });

  it('has its hands full: more than maxPending are rejected at once', async () => {
    const pool = database.open({ max: 1 });
    const store = postgresStore(pool, { clock, deadlineMs: 200, maxPending: 2 });
    const busy = await pool.connect();
    const outcomes = await Promise.all(
      [1, 2, 3].map((digit) => getOutcome(store.admit(admissionRequest(digit)))),
    );
    expect(outcomes).toEqual(['store_deadline', 'store_deadline', 'store_unavailable'].map(rejected));
    busy.release();
    // The two that waited for the connection in vain have given it back.
    await expect.poll(async () => getOutcome(store.admit(admissionRequest(4))), WAIT).toBe('replayed');
    expect(await database.recorded()).toBe(1);
  });

  it('loses a reply: the store recognises its own claim, and counts it once', async () => {
    const proxy = await startCuttingProxy(database.server.port);
    const store = createStore({}, { connectionString: `postgresql://cpg@127.0.0.1:${proxy.port}/postgres` });
    await store.admit(admissionRequest(1, { keyId: 'ck_warm' }));
    proxy.cutReplyTo('ck_cut');
    expect(await store.admit(admissionRequest(1, { keyId: 'ck_cut' }))).toBe('admitted');
    expect(await database.admitted('ck_cut')).toBe(1);
    expect(await store.admit(admissionRequest(1, { keyId: 'ck_cut' }))).toBe('replayed');
    proxy.close();
  });

  it('ends all connections: the next requests are admitted on new ones', async () => {
    const { patient } = await createHasty(1);
    await database.admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    );
    const decisions = await Promise.all(admissionRequests(20).map((one) => patient.admit(one)));
    expect(countDecisions(decisions)).toEqual({ admitted: 20 });
  });

  it('stays up read-only after a failover: its connections are closed', async () => {
    const pool = database.open({ max: 2 });
    const store = postgresStore(pool, { clock, deadlineMs: 10_000 });
    await store.admit(admissionRequest(1));
    await database.admin.query('ALTER ROLE cpg SET default_transaction_read_only = on');
    await database.admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    );
    const outcome = await getOutcome(store.admit(admissionRequest(2)));
    expect(outcome).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('Fix: connect to the primary; this server is read-only.'),
    });
    await database.admin.query('SET default_transaction_read_only = off');
    await database.admin.query('ALTER ROLE cpg RESET default_transaction_read_only');
    expect(await store.admit(admissionRequest(2))).toBe('admitted');
  });

  it('stops waiting for its standby: a commit that a failover may lose is not admitted', async () => {
    const store = createStore({ deadlineMs: 100_000 });
    await store.admit(admissionRequest(1));
    const setStandbys = async (change: string) => {
      await database.admin.query(`ALTER SYSTEM ${change}`);
      await database.admin.query('SELECT pg_reload_conf()');
    };
    const cancel = async () => {
      const { rowCount } = await database.admin.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%.admit(%'",
      );
      return rowCount;
    };
    await setStandbys("SET synchronous_standby_names = 'missing'");
    try {
      let digit = 1;
      const outcomes: unknown[] = [];
      const sendUntilCancelled = async () => {
        while (!outcomes.some((outcome) => outcome !== 'admitted')) {
          digit += 1;
          outcomes.push(await getOutcome(store.admit(admissionRequest(digit))));
        }
      };
      const sent = sendUntilCancelled();
      await expect.poll(cancel, WAIT).toBeGreaterThan(0);
      await sent;
      expect(outcomes.at(-1)).toMatchObject({
        code: 'store_unavailable',
        message: 'PostgreSQL warned: canceling wait for synchronous replication due to user request',
      });
      // It is used all the same.
      expect(await getOutcome(store.admit(admissionRequest(digit)))).toBe('replayed');
    } finally {
      await setStandbys('RESET synchronous_standby_names');
    }
  });

  it('dies: rejects while it is down, and remembers when it is back', async () => {
    const store = createStore();
    expect(await store.admit(admissionRequest(1))).toBe('admitted');
    await database.server.signal('SIGKILL');
    expect(await getOutcome(store.admit(admissionRequest(2)))).toMatchObject({
      code: 'store_unavailable',
      status: 503,
    });
    await database.server.start();
    expect(await store.admit(admissionRequest(1))).toBe('replayed');
    expect(await store.admit(admissionRequest(2))).toBe('admitted');
  });
});
