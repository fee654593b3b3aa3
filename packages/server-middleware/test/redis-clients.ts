import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../src/admission/redis/redis-client.ts';

/** A connected client, and a way to send any command to the same server. */
export interface OpenedClient {
  readonly client: RedisClient;
  readonly command: (...args: string[]) => Promise<unknown>;
  readonly close: () => void;
}

/** An ACL user; by default the default user, with all rights. */
export interface RedisUser {
  readonly username: string;
  readonly password: string;
}

const openNodeRedis = async (port: number, user?: RedisUser): Promise<OpenedClient> => {
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: 50 }, ...user });
  client.on('error', () => {});
  await client.connect();
  return { client, command: (...args) => client.sendCommand(args), close: () => client.destroy() };
};

const openIoredis = async (port: number, user?: RedisUser): Promise<OpenedClient> => {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, lazyConnect: true, ...user });
  client.on('error', () => {});
  await client.connect();
  return {
    client,
    command: (name = '', ...args) => client.call(name, ...args),
    close: () => client.disconnect(),
  };
};

/** Both supported client libraries, set to reconnect at once. */
export const REDIS_LIBRARIES = [
  ['node-redis', openNodeRedis],
  ['ioredis', openIoredis],
] as const;
