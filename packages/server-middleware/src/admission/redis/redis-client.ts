import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerMiddlewareError } from '../../errors.ts';
import { isLostConnection } from './redis-error.ts';

/** The methods used of a client of `redis` (node-redis), single or cluster. */
export interface NodeRedisClient {
  readonly isReady?: boolean;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The methods used of a client of `ioredis`, single or cluster. */
export interface IoredisClient {
  readonly status: string;
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

export type RedisClient = NodeRedisClient | IoredisClient;

/** A Lua script, and the hash by which Redis runs a script that it has cached. */
interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export const createScript = (text: string): RedisScript => ({
  text,
  sha1: createHash('sha1').update(text).digest('hex'),
});

interface KeysAndArguments {
  readonly keys: string[];
  readonly args: string[];
}

/** One script call. */
interface ScriptCall extends KeysAndArguments {
  readonly script: RedisScript;
}

/** One interface to both client libraries. */
interface RedisConnection {
  /** Whether a command is sent at once, and not queued while reconnecting. */
  isReady(): boolean;
  evalSha(sha1: string, call: KeysAndArguments): Promise<unknown>;
  eval(script: string, call: KeysAndArguments): Promise<unknown>;
}

// With lazyConnect the first command connects.
const IOREDIS_READY = new Set(['ready', 'wait']);

/**
 * Wraps a client of either library, which it recognises by its methods.
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

const POLL_MS = 20;
const ATTEMPTS = 2;

/**
 * Runs a script by its hash, or by its text when Redis has not cached it. Commands are never queued while reconnecting. A
 * call whose connection was lost before the reply is sent again, once; its claim shows whether the first attempt was
 * recorded. An error reply is final. No attempt starts after `isLate`.
 */
export const runScript = async (
  connection: RedisConnection,
  call: ScriptCall,
  isLate: () => boolean,
): Promise<unknown> => {
  for (let attempt = 1; ; attempt += 1) {
    await untilReady(connection, isLate);
    try {
      return await evaluate(connection, call);
    } catch (error) {
      if (attempt === ATTEMPTS || isLate() || !isLostConnection(error)) throw error;
    }
  }
};

const untilReady = async (connection: RedisConnection, isLate: () => boolean): Promise<void> => {
  while (!connection.isReady()) {
    if (isLate()) throw new ServerMiddlewareError('store_unavailable', 'Redis is not connected.');
    await delay(POLL_MS);
  }
};

const evaluate = async (connection: RedisConnection, call: ScriptCall): Promise<unknown> => {
  try {
    return await connection.evalSha(call.script.sha1, call);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.eval(call.script.text, call);
  }
};
