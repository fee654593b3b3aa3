import { ServerMiddlewareError } from '../../server-middleware-error.ts';

/** What is used of a client of `redis` (node-redis), alone or as a cluster. */
export interface NodeRedisClient {
  readonly isReady?: boolean;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What is used of a client of `ioredis`, alone or as a cluster. */
export interface IoredisClient {
  readonly status: string;
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

export type RedisClient = NodeRedisClient | IoredisClient;

/** One script call. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: string[];
}

/** The two client libraries seen alike. */
export interface RedisConnection {
  /** Whether a command would be sent now, and not queued until the connection is back. */
  isReady(): boolean;
  evalSha(sha1: string, call: ScriptCall): Promise<unknown>;
  eval(script: string, call: ScriptCall): Promise<unknown>;
}

// With lazyConnect it is the first command that connects.
const IOREDIS_READY = new Set(['ready', 'wait']);

/**
 * Tells the two libraries apart by their methods.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const redisConnection = (client: RedisClient): RedisConnection => {
  if (client !== null && typeof client === 'object') {
    if ('evalSha' in client) {
      return {
        isReady: () => client.isReady !== false,
        evalSha: (sha1, { keys, args }) => client.evalSha(sha1, { keys, arguments: args }),
        eval: (script, { keys, args }) => client.eval(script, { keys, arguments: args }),
      };
    }
    if ('evalsha' in client) {
      return {
        isReady: () => IOREDIS_READY.has(client.status),
        evalSha: (sha1, { keys, args }) => client.evalsha(sha1, keys.length, ...keys, ...args),
        eval: (script, { keys, args }) => client.eval(script, keys.length, ...keys, ...args),
      };
    }
  }
  throw new ServerMiddlewareError(
    'invalid_option',
    'redisStore needs a client of redis (createClient, createCluster) or of ioredis (new Redis, new Redis.Cluster).',
  );
};
