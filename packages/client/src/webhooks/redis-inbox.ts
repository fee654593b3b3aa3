import { CpgError } from '../errors.ts';
import { checkOptions, type OptionRules, TEXT } from '../guards.ts';
import {
  type ClaimResult,
  DEFAULT_RETENTION_MS,
  DEFAULT_TIMEOUT_MS,
  ignoreErrorEvents,
  RETENTION,
  TIMER_MS,
  type WebhookClaim,
  type WebhookInbox,
  withTimeout,
} from './inbox.ts';

export type { ClaimResult, WebhookClaim, WebhookInbox } from './inbox.ts';

/**
 * The methods used of a client of `redis` (node-redis): `createClient`, `createSentinel` or `createCluster`.
 */
export interface NodeRedisClient {
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The methods used of a client of `ioredis`, for a single server, Sentinel or a cluster. */
export interface IoredisClient {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

export type RedisClient = NodeRedisClient | IoredisClient;

export interface RedisInboxOptions {
  /**
   * The beginning of every key. Use one inbox for each gateway, because event ids are unique in one only.
   * @default "cpg:inbox:"
   */
  readonly prefix?: string | undefined;
  /** How long a handled event is kept, in milliseconds, at least 40 hours. @default 7 days */
  readonly retentionMs?: number | undefined;
  /** Milliseconds to wait for a reply of Redis; then the receiver responds 500. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

const RULES: OptionRules<RedisInboxOptions> = { prefix: TEXT, retentionMs: RETENTION, timeoutMs: TIMER_MS };

// The value of a key is "claimed:" or "handled:" and the token of the latest claim. The key expires with the lease
// or the retention, by the clock of Redis. ARGV[1] is the token, ARGV[2] milliseconds.
const SCRIPTS = {
  claim: `
local value = redis.call('GET', KEYS[1])
if value and value ~= 'claimed:' .. ARGV[1] then
  if string.sub(value, 1, 8) == 'handled:' then return {'handled', 0} end
  return {'busy', redis.call('PTTL', KEYS[1])}
end
redis.call('SET', KEYS[1], 'claimed:' .. ARGV[1], 'PX', ARGV[2])
return {'claimed', 0}`,
  complete: `
local value = redis.call('GET', KEYS[1])
local owner = value and string.sub(value, 9) or ARGV[1]
redis.call('SET', KEYS[1], 'handled:' .. owner, 'PX', ARGV[2])
return owner == ARGV[1] and 1 or 0`,
  release: `
if redis.call('GET', KEYS[1]) == 'claimed:' .. ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`,
  renew: `
if redis.call('GET', KEYS[1]) == 'claimed:' .. ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`,
} as const;

/**
 * Shares an inbox among processes through Redis. Takes a connected client of `redis` or `ioredis`.
 *
 * An event is handled at least once: again only if a process ended, or stalled for longer than its lease,
 * before its mark was stored, or if Redis lost the mark (a failover, an eviction: use
 * `maxmemory-policy noeviction`). `postgresInbox` can commit the mark together with your own writes.
 *
 * @throws CpgError `invalid_configuration` for another client or invalid options; `callback_failed` from its
 * methods, if Redis does not reply in time.
 *
 * @example
 * const redis = await createClient({ url: 'redis://localhost' }).connect();
 * app.post('/webhooks/cpg', webhooks.receiver({ secret, onEvent, inbox: redisInbox(redis) }));
 */
export const redisInbox = (client: RedisClient, options: RedisInboxOptions = {}): WebhookInbox => {
  checkOptions('redisInbox', options, RULES);
  const evaluate = createEvaluate(client);
  const {
    prefix = 'cpg:inbox:',
    retentionMs = DEFAULT_RETENTION_MS,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  const run = (name: keyof typeof SCRIPTS, { eventId, token }: WebhookClaim, ms: number): Promise<unknown> =>
    withTimeout(`redisInbox: ${name}`, timeoutMs, () =>
      evaluate(SCRIPTS[name], `${prefix}${eventId}`, [token, String(Math.ceil(ms))]),
    );
  return {
    claim: async (claim, leaseMs) => parseClaim(await run('claim', claim, leaseMs)),
    complete: async (claim) => Number(await run('complete', claim, retentionMs)) === 1,
    release: async (claim) => void (await run('release', claim, 0)),
    renew: async (claim, leaseMs) => void (await run('renew', claim, leaseMs)),
  };
};

const parseClaim = (reply: unknown): ClaimResult => {
  const [state, ms] = Array.isArray(reply) ? reply : [];
  switch (String(state)) {
    case 'claimed':
      return { state: 'claimed' };
    case 'handled':
      return { state: 'handled' };
    default:
      return { state: 'busy', leaseEndsInMs: Math.max(0, Number(ms)) };
  }
};

type Evaluate = (script: string, key: string, args: string[]) => Promise<unknown>;

/** Recognizes the library by its methods. */
const createEvaluate = (client: RedisClient): Evaluate => {
  if (typeof client === 'object' && client !== null) {
    ignoreErrorEvents(client);
    if ('evalSha' in client) {
      return (script, key, args) => client.eval(script, { keys: [key], arguments: args });
    }
    if ('evalsha' in client) return (script, key, args) => client.eval(script, 1, key, ...args);
  }
  throw new CpgError(
    'invalid_configuration',
    'redisInbox needs a client of redis (createClient, createSentinel, createCluster) or of ioredis (new Redis, new Redis.Cluster).',
  );
};
