import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type IoredisClient, redisConnection } from './redis-client.ts';
import { redisStore } from './redis-store.ts';

const reply = async () => [0, 1];

/** A client of node-redis that only counts how often it is given up. */
class CountingClient extends EventEmitter {
  isOpen = true;
  isReady = true;
  destroyed = 0;
  connected = 0;
  canConnect = true;
  readonly evalSha = reply;
  readonly eval = reply;

  destroy() {
    this.destroyed += 1;
    this.isOpen = false;
    this.isReady = false;
  }

  async connect() {
    this.connected += 1;
    if (!this.canConnect) throw new Error('gave up');
    this.isOpen = true;
    this.isReady = true;
  }
}

describe('reset of a node-redis client', () => {
  it('connects again, once at a time, also after the client has given up', async () => {
    const client = new CountingClient();
    const connection = redisConnection(client);
    client.canConnect = false;
    connection.reset();
    connection.reset();
    await expect.poll(() => client.connected).toBe(1);
    expect(client.destroyed).toBe(1);
    client.canConnect = true;
    await expect
      .poll(() => {
        if (!client.isReady) connection.reset();
        return client.isReady;
      })
      .toBe(true);
    expect(client.connected).toBe(2);
  });

  it('leaves a client alone that connects by itself, unless its handshake hangs', async () => {
    const client = new CountingClient();
    const connection = redisConnection(client);
    client.isReady = false;
    connection.reset();
    client.emit('connect');
    client.emit('error', new Error('refused'));
    connection.reset();
    expect(client.destroyed).toBe(0);
    client.emit('connect');
    connection.reset();
    await expect.poll(() => client.connected).toBe(1);
    expect(client.destroyed).toBe(1);
  });

  it('leaves a client alone that the application has closed', () => {
    const client = new CountingClient();
    client.isOpen = false;
    redisConnection(client).reset();
    expect([client.destroyed, client.connected]).toEqual([0, 0]);
  });
});

describe('reset of an ioredis client', () => {
  it.each([
    ['ready', ['disconnect true', 'destroy']],
    ['connect', ['disconnect true', 'destroy']],
    ['connecting', []],
    ['reconnecting', []],
    ['end', []],
  ])('while it is %s: %j', (status, expected) => {
    const calls: string[] = [];
    const client = {
      status,
      evalsha: reply,
      eval: reply,
      disconnect: (reconnect?: boolean) => calls.push(`disconnect ${reconnect}`),
      stream: { destroy: () => calls.push('destroy') },
    };
    redisConnection(client as IoredisClient).reset();
    expect(calls).toEqual(expected);
  });
});

it('a cluster confirms the requests of each key id on their own', async () => {
  const batches: string[][] = [];
  const pipeline = () => {
    const keys: string[] = [];
    const batch = {
      evalsha: (_sha1: string, _keyCount: number, key: string) => {
        keys.push(key);
        return batch;
      },
      wait: () => batch,
      exec: async () => {
        batches.push(keys);
        return [...keys.map(() => [null, [0, Date.now()]]), [null, 1]];
      },
    };
    return batch;
  };
  const client = {
    status: 'ready',
    isCluster: true,
    evalsha: async () => [3, Date.now()],
    eval: reply,
    pipeline,
  };
  const store = redisStore(client as IoredisClient, { waitReplicas: 1, deadlineMs: 10_000 });
  const admit = (keyId: string, signature: string) =>
    store.admit({ keyId, signature, usedUntil: 0, minute: 0, limit: 1 });
  await Promise.all([admit('a', '1'), admit('b', '2'), admit('a', '3')]);
  expect(batches.flat().sort()).toEqual(['cpg:{a}:s:1', 'cpg:{a}:s:3', 'cpg:{b}:s:2']);
  for (const batch of batches) expect(new Set(batch.map((key) => key.slice(0, 7))).size).toBe(1);
});
