import { setTimeout as delay } from 'node:timers/promises';
import { describeWithProgram } from '@cpg/test-support';
import express from 'express';
import { expect, it } from 'vitest';
import { testKey } from '../../test/keys.ts';
import { recordingLogger } from '../../test/logger.ts';
import { exchange } from '../../test/raw-http.ts';
import { REDIS_LIBRARIES } from '../../test/redis-clients.ts';
import { RedisServer } from '../../test/redis-server.ts';
import { serve } from '../../test/serve.ts';
import { NOW, signedRequest } from '../../test/signed-request.ts';
import { redisStore } from '../admission/redis/redis-store.ts';
import { staticKeys } from '../keys/static-keys.ts';
import { cpgAuth } from './cpg-auth.ts';

const clock = () => NOW * 1000;
const LANES = 8;

describeWithProgram('redis-server', 'a service whose Redis goes away', () => {
  it.each(REDIS_LIBRARIES)('lets nothing through twice or unauthenticated, on %s', async (_name, open) => {
    // As the README asks: what was admitted must be remembered over a crash.
    const redis = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
    const { client, close } = await open(redis.port);
    const logger = recordingLogger();
    const executed: string[] = [];
    const app = express();
    app.use(
      cpgAuth({
        keys: staticKeys([testKey({ rateLimitPerMinute: 1_000_000 })]),
        store: redisStore(client, { clock, deadlineMs: 200 }),
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
    let isOver = false;
    const statuses = new Map<number, number>();
    const lastStatuses: number[] = [];
    // Every request is sent twice at once; the copies are to be refused whatever happens to Redis. Forgeries go along.
    const lane = async () => {
      while (!isOver) {
        serial += 1;
        const bytes = signedRequest({ target: `/v1/x?n=${serial}` });
        const forged = signedRequest({ target: `/v1/forged?n=${serial}`, secret: 'other' });
        const answers = await Promise.all([
          exchange(port, bytes),
          exchange(port, bytes),
          exchange(port, forged),
        ]);
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        lastStatuses.push(...answers.slice(0, 2).map(({ status }) => status));
        expect(answers[2]?.status).toBe(401);
      }
    };
    const lanes = Array.from({ length: LANES }, lane);
    await delay(300);
    await redis.signal('SIGKILL');
    await delay(100);
    lastStatuses.length = 0;
    await delay(600);
    const whileDown = new Set(lastStatuses);
    await redis.start();
    lastStatuses.length = 0;
    await expect.poll(() => lastStatuses.includes(200), { timeout: 2_000 }).toBe(true);
    isOver = true;
    await Promise.all(lanes);
    const before = executed.length;
    const replays = executed.slice(0, 200).map((target) => exchange(port, signedRequest({ target })));
    expect(new Set((await Promise.all(replays)).map(({ status }) => status))).toEqual(new Set([401]));
    expect(executed.length).toBe(before);
    close();
    await redis.stop();

    expect(whileDown).toEqual(new Set([503]));
    expect(new Set(executed).size).toBe(executed.length);
    expect(executed.filter((target) => target.startsWith('/v1/forged'))).toEqual([]);
    expect([...statuses.keys()].sort()).toEqual([200, 401, 503]);
    const codes = new Set(logger.lines.map(({ fields }) => fields.code));
    expect(codes.size).toBeGreaterThan(0);
    expect([...codes].filter((code) => code !== 'store_unavailable' && code !== 'store_deadline')).toEqual(
      [],
    );
  });
});
