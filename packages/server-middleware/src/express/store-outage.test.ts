import { describeWithProgram } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { RedisServer } from '@cpg/test-support/redis';
import {
  NOW,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { REDIS_LIBRARIES } from '@cpg/test-support/server-middleware/redis';
import express from 'express';
import { expect, it } from 'vitest';
import { redisStore } from '../admission/redis/redis-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';

const clock = () => NOW * 1000;
const LANES = 8;

describeWithProgram('redis-server', 'a service whose Redis goes away', () => {
  it.each(REDIS_LIBRARIES)(
    'lets nothing through twice or unauthenticated, on %s',
    { timeout: 300_000 },
    async (_name, open) => {
      // As the README asks: what was admitted must be remembered over a crash.
      const redis = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
      const { client, close } = await open(redis.port);
      const logger = recordingLogger();
      const executed: string[] = [];
      const app = express();
      app.use(
        cpgAuth({
          keys: staticKeys([testKey({ rateLimitPerMinute: 1_000_000 })]),
          store: redisStore(client, { clock, deadlineMs: 2_000 }),
          clock,
          logger,
        }),
        (request, response) => {
          executed.push(request.originalUrl);
          response.end();
        },
      );
      const port = await serve(app);

      let serial = 0;
      let phase: 'before' | 'down' | 'after' | 'over' = 'before';
      const statuses = {
        before: [] as number[],
        down: [] as number[],
        after: [] as number[],
        over: [] as number[],
      };
      const forgeries = new Set<number>();
      // Every request is sent twice at once; the copy is to be rejected whatever happens to Redis. A forgery goes along.
      const lane = async () => {
        while (phase !== 'over') {
          serial += 1;
          const startedIn = phase;
          const bytes = signedRequest({ target: `/v1/x?n=${serial}` });
          const forged = signedRequest({ target: `/v1/forged?n=${serial}`, secret: 'other' });
          const responses = await Promise.all(
            [bytes, bytes, forged].map((request) => exchange(port, request)),
          );
          const [first, second, third] = responses.map(({ status }) => status) as [number, number, number];
          forgeries.add(third);
          // What began in one phase and ended in the next belongs to neither.
          if (phase === startedIn) statuses[phase].push(first, second);
        }
      };
      const lanes = Promise.all(Array.from({ length: LANES }, lane));
      const seen = (wanted: 'before' | 'down' | 'after') =>
        expect.poll(() => statuses[wanted].length, { timeout: 50_000 }).toBeGreaterThan(4 * LANES);
      try {
        await seen('before');
        await redis.signal('SIGKILL');
        phase = 'down';
        await seen('down');
        phase = 'after';
        await redis.start();
        await expect.poll(() => statuses.after.includes(200), { timeout: 50_000 }).toBe(true);
      } finally {
        phase = 'over';
        await lanes;
      }
      const before = executed.length;
      const replays = executed.slice(0, 200).map((target) => exchange(port, signedRequest({ target })));
      expect(new Set((await Promise.all(replays)).map(({ status }) => status))).toEqual(new Set([401]));
      expect(executed.length).toBe(before);
      close();
      await redis.stop();

      expect(new Set(statuses.down)).toEqual(new Set([503]));
      expect(new Set(statuses.before)).toEqual(new Set([200, 401]));
      expect(forgeries).toEqual(new Set([401]));
      expect(new Set(executed).size).toBe(executed.length);
      expect(executed.filter((target) => target.startsWith('/v1/forged'))).toEqual([]);
      const codes = new Set(logger.lines.map(({ fields }) => fields.code));
      expect(codes.size).toBeGreaterThan(0);
      expect([...codes].filter((code) => code !== 'store_unavailable' && code !== 'store_deadline')).toEqual(
        [],
      );
    },
  );
});
