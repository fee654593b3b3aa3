import { setTimeout as delay } from 'node:timers/promises';
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
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cpgAuth } from '../../express/cpg-auth.ts';
import { staticKeys } from '../../keys/key-store.ts';
import { redisStore } from './redis-store.ts';

const clock = () => NOW * 1000;
const LIMIT = 100;
const WAITING = 99;
const PAUSE_MS = 600;

describeWithProgram('redis-server', 'requests that were answered 503 while Redis was stopped', () => {
  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start();
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      const { command, close } = await open(server.port);
      await command('FLUSHALL');
      close();
    });

    /** A service; `send` makes requests with signatures that depend on their numbers alone. */
    const start = async (timeouts: { readonly deadlineMs?: number; readonly storeTimeoutMs?: number }) => {
      const { deadlineMs, storeTimeoutMs } = timeouts;
      const { client, command, close } = await open(server.port);
      const logger = recordingLogger();
      const keys = staticKeys([
        testKey({ rateLimitPerMinute: LIMIT }),
        testKey({ keyId: 'ck_warm', rateLimitPerMinute: 1_000_000 }),
      ]);
      const store = redisStore(client, { clock, logger, deadlineMs });
      const app = express();
      app.use(cpgAuth({ keys, store, clock, logger, storeTimeoutMs }), (_request, response) => {
        response.end();
      });
      const port = await serve(app);
      const send = async (count: number, keyId = 'ck_full'): Promise<number[]> => {
        const targets = Array.from({ length: count }, (_, index) => `/v1/x?n=${index}`);
        const responses = await Promise.all(
          targets.map((target) => exchange(port, signedRequest({ target, keyId }))),
        );
        return responses.map(({ status }) => status);
      };
      return { send, command, close };
    };

    it.each([
      ['the deadline of the store', 'its first requests', {}],
      ['the deadline of the store', 'later requests', {}],
      ['the shorter deadline of cpgAuth', 'later requests', { deadlineMs: 5_000, storeTimeoutMs: 300 }],
    ])('use no quota and can be sent again, after %s, for %s', async (_deadline, which, timeouts) => {
      const { send, command, close } = await start(timeouts);
      if (which === 'later requests') await expect.poll(() => send(1, 'ck_warm')).toEqual([401]);
      await server.signal('SIGSTOP');
      const [statuses] = await Promise.all([send(WAITING), delay(PAUSE_MS)]);
      await server.signal('SIGCONT');
      expect(statuses).toEqual(Array(WAITING).fill(503));
      // Redis runs what waited for it before this command, unless the store has given up the connection.
      await expect.poll(() => command('PING').catch(() => undefined)).toBe('PONG');
      close();
      const patient = await start({ deadlineMs: 30_000, storeTimeoutMs: 60_000 });
      expect(await patient.send(LIMIT)).toEqual(Array(LIMIT).fill(200));
      expect(await patient.send(LIMIT)).toEqual(Array(LIMIT).fill(401));
      expect(await patient.command('GET', `cpg:{ck_full}:m:${Math.floor(NOW / 60)}`)).toBe(String(LIMIT));
      patient.close();
    });
  });
});
