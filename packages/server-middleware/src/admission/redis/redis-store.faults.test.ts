import { NOW } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { inspectRedis } from './inspect-redis.ts';
import type { RedisClient } from './redis-client.ts';
import { redisStore } from './redis-store.ts';

const REQUEST = { keyId: 'ck_full', signature: 'a'.repeat(64), usedUntil: NOW + 300, minute: 1, limit: 1 };

/** A client that returns the same reply for every script. */
const clientReplying = (reply: unknown): RedisClient => ({
  evalSha: async () => reply,
  eval: async () => reply,
});

describe('redisStore', () => {
  it.each([undefined, null, {}, 'redis://127.0.0.1'])('rejects %j as a client', (client) => {
    expect(() => redisStore(client as unknown as RedisClient)).toThrow('redisStore needs a client of redis');
  });

  it('rejects a prefix that would spread a key over slots', () => {
    expect(() => redisStore(clientReplying(0), { prefix: 'a{b}:' })).toThrow('prefix must not contain "{"');
  });

  it.each([
    null,
    undefined,
    '',
    'OK',
    0,
    -1,
    [],
    true,
    [0],
    [0, 'x'],
    [5, 1],
    ['', 1],
    [null, 1],
    [4, 1, 'ERR x'],
  ])('takes no reply %j for an admission', async (reply) => {
    await expect(redisStore(clientReplying(reply)).admit(REQUEST)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  it.each([
    [[0, 1], 'admitted'],
    [['1', '1'], 'replayed'],
    [[2n, 1n], 'rate_limited'],
  ])('takes reply %s for %s', async (reply, decision) => {
    expect(await redisStore(clientReplying(reply)).admit(REQUEST)).toBe(decision);
  });

  const failure = (message: string, code?: string) => Object.assign(new Error(message), { code });
  it.each([
    [failure('read ECONNRESET', 'ECONNRESET'), 2],
    [failure('Socket closed unexpectedly'), 2],
    [failure('Connection is closed.'), 2],
    [failure('Command aborted due to connection close'), 2],
    [failure('Command timed out'), 1],
    [failure('OOM command not allowed'), 1],
    ['a text', 1],
    [undefined, 1],
  ])('sends a script again only when the connection was lost: %s', async (thrown, expected) => {
    let sent = 0;
    const evalSha = () => {
      sent += 1;
      return Promise.reject(thrown);
    };
    const store = redisStore({ evalSha, eval: evalSha }, { deadlineMs: 10_000 });
    await expect(store.admit(REQUEST)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(sent).toBe(expected);
  });

  it('names the rights when Redis denies a key', async () => {
    const store = redisStore(clientReplying([4, 1, 'NOPERM this user has no permissions to access a key']));
    await expect(store.admit(REQUEST)).rejects.toMatchObject({
      message: expect.stringMatching(
        /Fix: the Redis user needs \+evalsha .*, on all keys that begin with the prefix/,
      ),
    });
  });

  it('gives up after three scripts that ran late', async () => {
    let sent = 0;
    const evalSha = async () => {
      sent += 1;
      return [3, sent * 1_000_000];
    };
    const store = redisStore({ evalSha, eval: evalSha }, { deadlineMs: 10_000 });
    await expect(store.admit(REQUEST)).rejects.toMatchObject({ code: 'store_deadline' });
    expect(sent).toBe(3);
  });

  it('sends commands to the master of a Sentinel client, and asks only masters of a cluster that are connected', async () => {
    const evalSha = async () => [0, Date.now()];
    const sent: unknown[][] = [];
    const sendCommand = async (...args: unknown[]) => {
      sent.push(args);
      return '';
    };
    const sentinel = { evalSha, eval: evalSha, sendCommand, getSentinelNode: () => undefined, on: () => {} };
    await inspectRedis(sentinel);
    expect(sent).toContainEqual([false, ['INFO']]);
    const node = { evalSha, eval: evalSha, sendCommand };
    const cluster = { evalSha, eval: evalSha, nodeClient: () => node, masters: [{}, { client: node }] };
    expect((await inspectRedis(cluster)).length).toBeGreaterThan(0);
    expect(await inspectRedis({ ...cluster, masters: undefined } as RedisClient)).toEqual([]);
  });
});
