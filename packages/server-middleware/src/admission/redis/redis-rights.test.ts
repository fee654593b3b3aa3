import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describeWithProgram } from '@cpg/test-support/programs';
import { exchange } from '@cpg/test-support/raw-client';
import { RedisServer } from '@cpg/test-support/redis';
import {
  createSignature,
  NOW,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import {
  type OpenedClient,
  REDIS_LIBRARIES,
  type RedisUser,
} from '@cpg/test-support/server-middleware/redis';
import { startCuttingProxy } from '@cpg/test-support/tcp-proxies';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cpgAuth } from '../../express/cpg-auth.ts';
import { staticKeys } from '../../keys/key-store.ts';
import { MINIMAL_RIGHTS } from './redis-error.ts';
import { redisStore } from './redis-store.ts';

const clock = () => NOW * 1000;
const DOCUMENTATION = readFileSync(
  new URL('../../../../../apps/docs/packages/server-middleware.md', import.meta.url),
  'utf8',
);
// The ACL as the documentation has it, so that exactly what it says is tried.
const [, DOCUMENTED = ''] = /ACL SETUSER payments on >password (.*)/.exec(DOCUMENTATION) ?? [];
const RIGHTS = MINIMAL_RIGHTS.split(' ');
const APP: RedisUser = { username: 'app', password: 'app' };
const COUNTER = `cpg:{ck_full}:m:${Math.floor(NOW / 60)}`;
const CLAIM = `cpg:{ck_full}:s:${createSignature({ timestamp: NOW })}`;
const LIMITED = [200, 200, 200, 429, 429, 429, 429, 429, 429, 429];

describeWithProgram('redis-server', 'redisStore under an ACL', () => {
  describe.each(REDIS_LIBRARIES)('on %s', (_name, open) => {
    let server: RedisServer;
    let admin: OpenedClient;
    beforeAll(async () => {
      server = await RedisServer.start(['--busy-reply-threshold', '20']);
      admin = await REDIS_LIBRARIES[0][1](server.port);
    });
    afterAll(async () => {
      admin.close();
      await server.stop();
    });
    beforeEach(async () => {
      for (const command of ['FLUSHALL', 'SCRIPT FLUSH', 'CONFIG SET maxmemory 0', 'REPLICAOF NO ONE']) {
        await admin.command(...command.split(' '));
      }
    });

    const allow = (rights: readonly string[]) =>
      admin.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>app', '~cpg:*', ...rights);

    /** A service with a limit of 3 a minute; `send` makes ten requests of it, with the same ten signatures each time. */
    const start = async (port = server.port, user?: RedisUser) => {
      const { client, close } = await open(port, user);
      const logger = recordingLogger();
      const app = express();
      const keys = staticKeys([testKey({ rateLimitPerMinute: 3 })]);
      const store = redisStore(client, { clock, deadlineMs: 10_000 });
      app.use(cpgAuth({ keys, store, clock, logger, storeTimeoutMs: 20_000 }), (_request, response) => {
        response.end();
      });
      const http = await serve(app);
      const send = async () => {
        const statuses = [];
        for (let index = 0; index < 10; index += 1) {
          statuses.push((await exchange(http, signedRequest({ timestamp: NOW + index }))).status);
        }
        return statuses;
      };
      return { send, logger, close };
    };

    it('needs the documented rights and no others', async () => {
      expect(DOCUMENTED).toBe(`~cpg:* ${MINIMAL_RIGHTS}`);
      await admin.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>app', ...DOCUMENTED.split(' '));
      const { send, close } = await start(server.port, APP);
      expect(await send()).toEqual(LIMITED);
      close();
    });

    it.each(RIGHTS)('is 503 without %s, names the right, and leaves nothing half done', async (right) => {
      await allow(RIGHTS.filter((other) => other !== right));
      const { send, logger, close } = await start(server.port, APP);
      expect(await send()).toEqual(Array(10).fill(503));
      expect(logger.lines.map(({ fields }) => fields.code)).toContain('store_unavailable');
      expect(logger.lines[0]?.message).toContain(
        `Fix: grant ${right}; the Redis user needs ${MINIMAL_RIGHTS},`,
      );
      expect(['0', null]).toContain(await admin.command('GET', COUNTER));
      expect(await admin.command('EXISTS', CLAIM)).toBe(0);
      await allow(RIGHTS);
      expect(await send()).toEqual(LIMITED);
      close();
    });

    it.each<readonly [string, readonly string[], readonly string[], string]>([
      ['OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], 'raise maxmemory'],
      ['READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], 'connect to the primary'],
      ['WRONGTYPE', ['LPUSH', COUNTER, 'x'], ['DEL', COUNTER], 'a prefix of its own'],
      ['whole number', ['SET', COUNTER, '-5'], ['DEL', COUNTER], 'a prefix of its own'],
      ['whole number', ['SET', COUNTER, 'x'], ['DEL', COUNTER], 'a prefix of its own'],
    ])('is 503 at %s, and counts and claims nothing', async (reply, breakIt, fixIt, fix) => {
      const { send, logger, close } = await start();
      await admin.command(...breakIt);
      expect(await send()).toEqual(Array(10).fill(503));
      expect(logger.lines[0]?.message).toContain(reply);
      expect(logger.lines[0]?.message).toContain(fix);
      await admin.command(...fixIt);
      expect(await admin.command('EXISTS', CLAIM, COUNTER)).toBe(0);
      expect(await send()).toEqual(LIMITED);
      close();
    });

    it('is 503 at a signature key of another type', async () => {
      await admin.command('LPUSH', CLAIM, 'x');
      const { send, close } = await start();
      expect(await send()).toEqual([503, 200, 200, 200, 429, 429, 429, 429, 429, 429]);
      close();
    });

    it('is 503 while another script keeps Redis busy', async () => {
      const { send, logger, close } = await start();
      const other = await REDIS_LIBRARIES[0][1](server.port);
      const endless = other.command('EVAL', 'while true do end', '0').catch((error: Error) => error.message);
      await expect.poll(() => admin.command('PING').catch((error: Error) => error.message)).toMatch(/^BUSY/);
      expect(await send()).toEqual(Array(10).fill(503));
      await admin.command('SCRIPT', 'KILL');
      expect(await endless).toContain('killed');
      expect(logger.lines[0]?.message).toContain('BUSY');
      expect(await send()).toEqual(LIMITED);
      other.close();
      close();
    });

    it.each([
      'LOADING Redis is loading the dataset in memory',
      'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist on disk',
      'NOREPLICAS Not enough good replicas to write.',
      'CLUSTERDOWN The cluster is down',
      'TRYAGAIN Multiple keys request during rehashing of slot',
      'ERR unknown command',
      'NOAUTH Authentication required.',
    ])('sends the script once when the reply is %s', async (reply) => {
      const proxy = await startCuttingProxy(server.port);
      const { send, logger, close } = await start(proxy.port);
      const replies = proxy.replyTo('cpg:{ck_full}', `-${reply}, with args beginning with: '${CLAIM}'\r\n`);
      expect(await send()).toEqual(Array(10).fill(503));
      expect(replies()).toBe(10);
      const [line] = logger.lines;
      expect(line?.message).toContain(`Redis rejected the request with an error: ${reply}`);
      const shown = inspect(line, { depth: null, showHidden: true });
      for (let index = 0; index < 10; index += 1)
        expect(shown).not.toContain(createSignature({ timestamp: NOW + index }));
      close();
      proxy.close();
    });
  });
});
