import { startPostgres } from '@cpg/test-support/postgres';
import { describeInCi, describeWithProgram } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import {
  NOW,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { startSwitchingProxy } from '@cpg/test-support/tcp-proxies';
import express from 'express';
import pg from 'pg';
import { expect, it } from 'vitest';
import { cpgAuth } from '../../express/cpg-auth.ts';
import { staticKeys } from '../../keys/key-store.ts';
import { createPostgresSchema } from './postgres-schema.ts';
import { postgresStore } from './postgres-store.ts';

/** Accepted requests before and after the failover, together. */
const REQUESTS = Number(process.env.CPG_FAILOVER_REQUESTS ?? 2_000);
const LANES = 32;
const clock = () => NOW * 1000;

describeInCi('a PostgreSQL failover to a synchronous standby', () => {
  describeWithProgram('postgres', 'under load', () => {
    it(`accepts 0 replays of ${REQUESTS}`, async () => {
      const primary = await startPostgres(['synchronous_standby_names=standby']);
      const standby = await primary.startStandby('standby');
      const proxy = await startSwitchingProxy(primary.port);
      const connectionString = `postgresql://cpg@127.0.0.1:${proxy.port}/postgres`;
      const pool = new pg.Pool({ connectionString, max: 16, connectionTimeoutMillis: 1_000 });
      await createPostgresSchema(pool);
      const app = express();
      const keys = staticKeys([testKey({ rateLimitPerMinute: 10_000_000 })]);
      const logger = recordingLogger();
      const store = postgresStore(pool, { clock, deadlineMs: 2_000, logger });
      app.use(cpgAuth({ keys, store, storeTimeoutMs: 5_000, clock, logger }), (_request, response) => {
        response.end();
      });
      const port = await serve(app);
      const send = async (serial: number) =>
        (await exchange(port, signedRequest({ target: `/v1/x?n=${serial}` }))).status;

      const accepted: number[] = [];
      const statuses = new Map<number, number>();
      let serial = 0;
      let isOver = false;
      const lane = async () => {
        while (!isOver) {
          serial += 1;
          const sent = serial;
          const status = await send(sent);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 200) accepted.push(sent);
        }
      };
      const until = (count: number) =>
        expect.poll(() => accepted.length, { timeout: 400_000 }).toBeGreaterThanOrEqual(count);
      const lanes = Array.from({ length: LANES }, lane);
      await until(REQUESTS / 2);
      await primary.signal('SIGKILL');
      standby.promote();
      proxy.switchTo(standby.port);
      const before = accepted.length;
      await until(Math.max(REQUESTS, before + 100));
      isOver = true;
      await Promise.all(lanes);

      const replays = new Map<number, number>();
      const left = [...accepted];
      const replay = async () => {
        for (let one = left.pop(); one !== undefined; one = left.pop()) {
          const status = await send(one);
          // Without a decision a client would try again.
          if (status === 503) left.push(one);
          else replays.set(status, (replays.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: LANES }, replay));
      process.stdout.write(
        `failover: ${accepted.length} accepted, ${before} of them before it; ${statuses.get(503) ?? 0} got 503; ${replays.get(200) ?? 0} replays accepted\n`,
      );
      expect([...replays]).toEqual([[401, accepted.length]]);
      expect([...statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
      await pool.end();
      proxy.close();
      await standby.stop();
      await primary.stop();
    }, 600_000);
  });
});
