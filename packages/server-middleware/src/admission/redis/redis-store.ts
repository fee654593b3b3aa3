import { randomBytes } from 'node:crypto';
import { askStore } from '../../ask-store.ts';
import {
  aFunction,
  aString,
  assertOptions,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
} from '../../options.ts';
import { ServerMiddlewareError } from '../../server-middleware-error.ts';
import { readClock } from '../../user-code.ts';
import type { Admission, AdmissionRequest, AdmissionStore } from '../admission-store.ts';
import { type RedisClient, redisConnection } from './redis-connection.ts';
import { MINIMAL_RIGHTS, redisFailure } from './redis-error.ts';
import { runScript } from './run-script.ts';

export interface RedisStoreOptions {
  /** Milliseconds for one admission, retry included; then 503. @default 500 */
  readonly deadlineMs?: number | undefined;
  /** Admissions underway at once; more are refused (503) while Redis hangs. @default 10000 */
  readonly maxPending?: number | undefined;
  /** Begins every Redis key. @default "cpg:" */
  readonly prefix?: string | undefined;
  /** Unix milliseconds; give it the clock that `cpgAuth` has. @default Date.now */
  readonly clock?: (() => number) | undefined;
}

// How far the clocks of two processes may be apart before one forgets what the other would still accept.
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
 * Shares used signatures and rate counters among processes through Redis or Valkey, one server or a cluster; takes a client
 * of `redis` or `ioredis`. One script and one round trip a request, one hash slot a key. Fails closed: without an answer in
 * time there is no admission. Redis must not evict: set `maxmemory-policy noeviction`. Contract §2.
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
        `Redis owes ${pending} answers; no more are asked.`,
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
    admit: (request) => askStore({ what: 'Redis', timeoutMs: deadlineMs, ask: () => decide(request) }),
  };
};

const readDecision = (reply: unknown): Admission => {
  const decision = DECISIONS.get(String(reply));
  if (decision === undefined) {
    throw new ServerMiddlewareError(
      'store_unavailable',
      `Redis answered ${JSON.stringify(reply)} to the admit script.`,
    );
  }
  return decision;
};
