import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerMiddlewareError } from '../../errors.ts';

/**
 * The methods used of a client of `redis` (node-redis): `createClient`, `createSentinel` or `createCluster`. Only the
 * required ones are needed to admit; the others serve to inspect Redis, to wait for replicas and to give up a connection.
 */
export interface NodeRedisClient {
  readonly isReady?: boolean;
  readonly isOpen?: boolean;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  sendCommand?(...args: never[]): Promise<unknown>;
  multi?(...args: never[]): unknown;
  connect?(): Promise<unknown>;
  destroy?(): unknown;
  on?(...args: never[]): unknown;
  withCommandOptions?(options: never): unknown;
}

/**
 * The methods used of a client of `ioredis`, for a single server, Sentinel or a cluster. Only the required ones are needed to
 * admit; the others serve to inspect Redis, to wait for replicas and to give up a connection.
 */
export interface IoredisClient {
  readonly status: string;
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  call?(...args: never[]): Promise<unknown>;
  pipeline?(...args: never[]): unknown;
  disconnect?(reconnect?: boolean): unknown;
}

export type RedisClient = NodeRedisClient | IoredisClient;

/** A Lua script, and the hash by which Redis runs a script that it has cached. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export const createScript = (text: string): RedisScript => ({
  text,
  sha1: createHash('sha1').update(text).digest('hex'),
});

/** One run of a script. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: string[];
}

/** How many replicas must confirm, and for how long to wait for them. */
interface Confirmation {
  readonly replicas: number;
  readonly timeoutMs: number;
}

interface ConfirmedReplies {
  readonly replies: readonly unknown[];
  /** How many replicas have what the scripts wrote. */
  readonly confirmedBy: number;
}

/** One interface to both client libraries. */
export interface RedisConnection {
  readonly isCluster: boolean;
  /** Whether a command is sent at once, and not queued while reconnecting. */
  isReady(): boolean;
  /** Runs a script by its hash, or by its text if Redis has not cached it. */
  run(script: RedisScript, call: ScriptCall): Promise<unknown>;
  /** Runs a script several times and then WAIT, all on one connection. An error reply rejects the whole batch. */
  runConfirmed(
    script: RedisScript,
    calls: readonly ScriptCall[],
    confirmation: Confirmation,
  ): Promise<ConfirmedReplies>;
  /** Sends any command; not for a cluster, whose {@link RedisConnection.nodes} take commands. */
  command(...args: string[]): Promise<unknown>;
  /** A cluster's connections to its masters; otherwise this connection. */
  nodes(): readonly RedisConnection[];
  /** Gives up the connection, with all commands pending on it, and connects again. Never throws. */
  reset(): void;
}

/**
 * Wraps a client of either library, which it recognises by its methods.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const redisConnection = (client: RedisClient): RedisConnection => {
  if (client !== null && typeof client === 'object') {
    if ('evalSha' in client) return nodeRedisConnection(client);
    if ('evalsha' in client) return ioredisConnection(client);
  }
  throw new ServerMiddlewareError(
    'invalid_option',
    'redisStore needs a client of redis (createClient, createSentinel, createCluster) or of ioredis (new Redis, new Redis.Cluster).',
  );
};

/** Whether a client can wait for replicas. */
export const canConfirm = (client: RedisClient): boolean =>
  typeof ('evalSha' in client ? client.multi : client.pipeline) === 'function';

const isNotCached = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT');

/** Runs a script by its hash, and by its text if Redis has not cached it. */
const runCached = async <Reply>(run: (isByText: boolean) => Promise<Reply>): Promise<Reply> => {
  try {
    return await run(false);
  } catch (error) {
    if (!isNotCached(error)) throw error;
    return run(true);
  }
};

const unsupported = async (): Promise<never> => {
  throw new ServerMiddlewareError('store_unavailable', 'The Redis client has no method for any command.');
};

/** What node-redis's own types express with generics. */
interface NodeRedisMethods {
  readonly masters?: readonly { readonly client?: NodeRedisClient }[];
  sendCommand(...args: unknown[]): Promise<unknown>;
  multi(): NodeRedisPipeline;
}

interface NodeRedisPipeline {
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): this;
  eval(script: string, options: { keys: string[]; arguments: string[] }): this;
  wait(replicas: number, timeoutMs: number): this;
  execAsPipeline(): Promise<unknown[]>;
}

// For each command with a timeout, which is 5 s by default, node-redis makes an AbortSignal that lives for all that time. Admissions
// have deadlines of their own.
const withoutTimeout = (client: NodeRedisClient): NodeRedisClient =>
  client.withCommandOptions === undefined
    ? client
    : (client.withCommandOptions({ timeout: 0 } as never) as NodeRedisClient);

const nodeRedisConnection = (client: NodeRedisClient): RedisConnection => {
  const methods = client as unknown as NodeRedisMethods;
  const admitting = withoutTimeout(client);
  const isCluster = 'nodeClient' in client;
  // Only of a Sentinel client: whether a replica may run the command.
  const isReadonly = 'getSentinelNode' in client ? [false] : [];
  const state = getNodeRedisState(client);
  const connection: RedisConnection = {
    isCluster,
    isReady: () => client.isReady !== false,
    run: ({ text, sha1 }, { keys, args }) =>
      runCached((isByText) =>
        isByText
          ? admitting.eval(text, { keys, arguments: args })
          : admitting.evalSha(sha1, { keys, arguments: args }),
      ),
    runConfirmed: ({ text, sha1 }, calls, { replicas, timeoutMs }) =>
      runCached(async (isByText) => {
        const pipeline = methods.multi();
        for (const [index, { keys, args }] of calls.entries()) {
          if (isByText && index === 0) pipeline.eval(text, { keys, arguments: args });
          else pipeline.evalSha(sha1, { keys, arguments: args });
        }
        const replies = await pipeline.wait(replicas, timeoutMs).execAsPipeline();
        return { replies, confirmedBy: Number(replies[calls.length]) };
      }),
    command:
      client.sendCommand === undefined ? unsupported : (...args) => methods.sendCommand(...isReadonly, args),
    nodes: () =>
      isCluster
        ? (methods.masters ?? []).flatMap(({ client: node }) =>
            node === undefined ? [] : redisConnection(node),
          )
        : [connection],
    reset: () => state.reset(),
  };
  return connection;
};

/** What is known of a node-redis client, single or Sentinel. */
class NodeRedisState {
  readonly #client: NodeRedisClient;
  // The connection is open, and the server has not replied to the handshake.
  #isHandshaking = false;
  #isReconnecting = false;
  #isClosedHere = false;

  constructor(client: NodeRedisClient) {
    this.#client = client;
    const { on } = client as unknown as { on?: (event: string, listener: () => void) => void };
    const setHandshaking = (isHandshaking: boolean) => () => {
      this.#isHandshaking = isHandshaking;
    };
    // A Sentinel client reports that it is open, not that a connection is.
    if (!('getSentinelNode' in client)) on?.call(client, 'connect', setHandshaking(true));
    // Without a listener an error event would end the process; the admissions report the failure.
    for (const event of ['ready', 'error', 'end']) on?.call(client, event, setHandshaking(false));
  }

  /** Gives up the connection and connects again. A client that the application has closed stays closed. */
  reset(): void {
    const { isOpen, isReady } = this.#client;
    // In any other state the client is connecting by itself; destroyed in that state, it would do so twice.
    const isConnected = isOpen === true && (isReady === true || this.#isHandshaking);
    if (this.#isReconnecting || !(isConnected || (isOpen === false && this.#isClosedHere))) return;
    this.#isReconnecting = true;
    const finish = () => {
      this.#isReconnecting = false;
    };
    this.#reconnect().then(finish, finish);
  }

  async #reconnect(): Promise<void> {
    this.#isClosedHere = true;
    await this.#client.destroy?.();
    // The socket reports its end to the client.
    await delay(RECONNECT_MS);
    this.#client.connect?.().then(
      () => {
        this.#isClosedHere = false;
      },
      // The client has given up, as it was told to; the next reset tries again.
      () => {},
    );
  }
}

const RECONNECT_MS = 50;
const nodeRedisStates = new WeakMap<NodeRedisClient, NodeRedisState>();

/** One state for a client, which several stores can share. */
const getNodeRedisState = (client: NodeRedisClient): NodeRedisState => {
  const state = nodeRedisStates.get(client) ?? new NodeRedisState(client);
  nodeRedisStates.set(client, state);
  return state;
};

/** What ioredis's own types express with overloads. */
interface IoredisMethods {
  readonly isCluster?: boolean;
  readonly stream?: { destroy(): unknown };
  nodes(role: string): IoredisClient[];
  call(...args: string[]): Promise<unknown>;
  pipeline(): IoredisPipeline;
}

interface IoredisPipeline {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): this;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): this;
  wait(replicas: number, timeoutMs: number): this;
  exec(): Promise<[error: Error | null, reply: unknown][]>;
}

// With lazyConnect the first command connects.
const IOREDIS_READY = new Set(['ready', 'wait']);
// The stream is open. In any other state ioredis is connecting by itself, and a Sentinel client would end if disturbed.
const IOREDIS_CONNECTED = new Set(['ready', 'connect']);

const ioredisConnection = (client: IoredisClient): RedisConnection => {
  const methods = client as unknown as IoredisMethods;
  const isCluster = methods.isCluster === true;
  const connection: RedisConnection = {
    isCluster,
    isReady: () => IOREDIS_READY.has(client.status),
    run: ({ text, sha1 }, { keys, args }) =>
      runCached((isByText) =>
        isByText
          ? client.eval(text, keys.length, ...keys, ...args)
          : client.evalsha(sha1, keys.length, ...keys, ...args),
      ),
    runConfirmed: ({ text, sha1 }, calls, { replicas, timeoutMs }) =>
      runCached(async (isByText) => {
        const pipeline = methods.pipeline();
        for (const [index, { keys, args }] of calls.entries()) {
          if (isByText && index === 0) pipeline.eval(text, keys.length, ...keys, ...args);
          else pipeline.evalsha(sha1, keys.length, ...keys, ...args);
        }
        const replies = await pipeline.wait(replicas, timeoutMs).exec();
        const failed = replies.find(([error]) => error !== null);
        if (failed !== undefined) throw failed[0];
        return {
          replies: replies.map(([, reply]) => reply),
          confirmedBy: Number(replies[calls.length]?.[1]),
        };
      }),
    command: client.call === undefined ? unsupported : (...args) => methods.call(...args),
    nodes: () => (isCluster ? methods.nodes('master').map(redisConnection) : [connection]),
    reset: () => {
      if (!IOREDIS_CONNECTED.has(client.status)) return;
      client.disconnect?.(true);
      // `disconnect` waits two seconds for the other side to close.
      methods.stream?.destroy();
    },
  };
  return connection;
};
