import { randomBytes } from 'node:crypto';
import { ServerMiddlewareError } from '../../errors.ts';
import {
  aFunction,
  aString,
  assertOptions,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
} from '../../options.ts';
import { callStore, readClock } from '../../user-code.ts';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission-store.ts';
import { createScript, type RedisClient, redisConnection, runScript } from './redis-client.ts';
import { MINIMAL_RIGHTS, redisFailure } from './redis-error.ts';

export interface RedisStoreOptions {
  /** Milliseconds for one admission, retry included; then 503. @default 500 */
  readonly deadlineMs?: number | undefined;
  /** Maximum of pending admissions; while Redis hangs, more are rejected with 503. @default 10000 */
  readonly maxPending?: number | undefined;
  /** The prefix of every Redis key. @default "cpg:" */
  readonly prefix?: string | undefined;
  /** Unix milliseconds; pass the clock of `cpgAuth`. @default Date.now */
  readonly clock?: (() => number) | undefined;
}

// The clock skew between two processes up to which neither forgets a signature that the other still accepts.
const CLOCK_TOLERANCE_MS = 60_000;
const COUNTER_TTL_MS = 120_000;
const DECISIONS = new Map<string, Admission>([
  ['0', 'admitted'],
  ['1', 'replayed'],
  ['2', 'rate_limited'],
]);

const RULES: OptionRules<RedisStoreOptions> = {
  deadlineMs: optional(timerMs),
  maxPending: optional(positiveInteger),
  prefix: optional(
    (value) =>
      aString(value) ??
      (String(value).includes('{')
        ? 'not contain "{", which would spread one key\'s entries over cluster slots'
        : undefined),
  ),
  clock: optional(aFunction),
};

/**
 * `admit` as one atomic step. KEYS: the signature, the minute's counter (same hash tag, so same cluster slot).
 * ARGV: claim, milliseconds to remember the signature, limit, milliseconds to keep the counter.
 * Returns 0 admitted, 1 replayed, 2 rate-limited. When its own claim is already stored, the reply of this attempt was lost.
 *
 * Redis does not roll back a script, so the order matters: the claim is stored last, after the request was counted. The first
 * write stores the counter unchanged: out of memory, read-only and disk errors stop a script at its first write only, and so
 * does a missing right to SET. The error names the command that failed, because Redis 7.0 does not.
 */
const ADMIT_SCRIPT = createScript(`
local function failed(reply) return type(reply) == 'table' and reply['err'] end
local function failure(command, reply) return redis.error_reply(reply['err'] .. ' [' .. command .. ']') end

local holder = redis.pcall('GET', KEYS[1])
if failed(holder) then return failure('get', holder) end
if holder == ARGV[1] then return 0 end
if holder then return 1 end

local count = redis.pcall('GET', KEYS[2])
if failed(count) then return failure('get', count) end
count = count or '0'
if not string.match(count, '^%d+$') then return redis.error_reply('ERR the rate counter is not a whole number') end
if tonumber(count) >= tonumber(ARGV[3]) then return 2 end

local kept = redis.pcall('SET', KEYS[2], count, 'PX', ARGV[4])
if failed(kept) then return failure('set', kept) end
local counted = redis.pcall('INCR', KEYS[2])
if failed(counted) then return failure('incr', counted) end
local claimed = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if failed(claimed) then return failure('set', claimed) end
return 0
`);

/**
 * Shares used signatures and rate counters among processes through Redis or Valkey, a single server or a cluster. Takes a
 * client of `redis` or `ioredis`. One script and one round trip a request, one hash slot a key. Fails closed: without a
 * reply in time no request is admitted. Redis must not evict: set `maxmemory-policy noeviction`. Wire protocol §2.
 *
 * @throws ServerMiddlewareError `invalid_option`; from `admit`, `store_deadline`, `store_unavailable`.
 */
export const redisStore = (client: RedisClient, options: RedisStoreOptions = {}): AdmissionStore => {
  assertOptions({ owner: 'redisStore', options, rules: RULES });
  const { deadlineMs = 500, maxPending = 10_000, prefix = 'cpg:', clock = Date.now } = options;
  const connection = redisConnection(client);
  const process = randomBytes(9).toString('base64url');
  let claims = 0;
  let pending = 0;

  const decide = async ({
    keyId,
    signature,
    usedUntil,
    minute,
    limit,
  }: AdmissionRequest): Promise<Admission> => {
    if (pending >= maxPending) {
      throw new ServerMiddlewareError(
        'store_unavailable',
        `${pending} admissions are pending in Redis, the maximum. Raise maxPending, or find out why Redis hangs.`,
      );
    }
    claims += 1;
    pending += 1;
    const startedAt = performance.now();
    const ttlMs = Math.max((usedUntil + 1) * 1000 - readClock(clock), 0) + CLOCK_TOLERANCE_MS;
    const base = `${prefix}{${keyId}}`;
    try {
      const decision = await runScript(
        connection,
        {
          script: ADMIT_SCRIPT,
          keys: [`${base}:s:${signature}`, `${base}:m:${minute}`],
          args: [`${process}.${claims}`, String(Math.ceil(ttlMs)), String(limit), String(COUNTER_TTL_MS)],
        },
        () => performance.now() - startedAt > deadlineMs,
      );
      return readDecision(decision);
    } catch (error) {
      throw redisFailure(error, { what: 'Redis', rights: MINIMAL_RIGHTS });
    } finally {
      pending -= 1;
    }
  };

  return {
    admit: (request) => callStore({ name: 'Redis', timeoutMs: deadlineMs, call: () => decide(request) }),
  };
};

const readDecision = (reply: unknown): Admission => {
  const decision = DECISIONS.get(String(reply));
  if (decision === undefined) {
    throw new ServerMiddlewareError(
      'store_unavailable',
      `The admit script returned ${JSON.stringify(reply)}, which is no decision.`,
    );
  }
  return decision;
};
