import { randomBytes } from 'node:crypto';
import {
  aBoolean,
  aFunction,
  aLogger,
  aString,
  assertOptions,
  assertValue,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  wholeNumber,
} from '../../options.ts';
import { callStore, guardLogger, type Logger, readClock } from '../../user-code.ts';
import {
  type Admission,
  type AdmissionRequest,
  type AdmissionStore,
  limitPending,
} from '../admission-store.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { Durability } from './durability.ts';
import { inspectConnection, type RedisFinding } from './inspect-redis.ts';
import { canConfirm, type RedisClient, redisConnection } from './redis-client.ts';
import { MINIMAL_RIGHTS, redisFailure } from './redis-error.ts';
import { AdmitRunner } from './run-admit.ts';

export interface RedisStoreOptions {
  /** Milliseconds for one admission, retry included; then 503, and Redis records nothing later. @default 500 */
  readonly deadlineMs?: number | undefined;
  /** Maximum of pending admissions; while Redis hangs, more are rejected with 503. @default 10000 */
  readonly maxPending?: number | undefined;
  /** The prefix of every Redis key. @default "cpg:" */
  readonly prefix?: string | undefined;
  /** Unix milliseconds; pass the clock of `cpgAuth`. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /**
   * How many replicas must confirm an admission (`WAIT`); with fewer the response is 503, and the signature may be used up.
   * With it, a failover to one of them forgets no signature. @default 0
   */
  readonly waitReplicas?: number | undefined;
  /**
   * Admit nothing while Redis is configured so that it may forget used signatures: `ready()` rejects, and requests get 503.
   * Needs `noeviction`, `appendfsync always`, a clock in step, and the rights to `INFO` and `CONFIG GET`. @default false
   */
  readonly requireDurable?: boolean | undefined;
  /** Logs how Redis may forget used signatures, once at first use. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

/** An admission store in Redis, which can be asked whether it is fit for use. */
export interface RedisStore extends AdmissionStore {
  /**
   * Resolves when Redis responds and was inspected; call it before the service listens.
   *
   * @throws ServerMiddlewareError `store_not_durable` with `requireDurable`, if Redis may forget used signatures;
   * `store_unavailable` or `store_deadline` if it does not respond within ten seconds.
   */
  ready(): Promise<void>;
  /** Inspects how Redis is configured for replay protection; see `inspectRedis`. */
  inspect(): Promise<readonly RedisFinding[]>;
  /**
   * Sends a command with the client, for `new RedisStore({ sendCommand: store.sendCommand })` of rate-limit-redis: a
   * connection that has gone silent is replaced also when this command is what waits. Sets no time limit. Not for a cluster.
   */
  sendCommand<Reply = unknown>(this: void, ...command: string[]): Promise<Reply>;
}

// The clock skew between two processes up to which neither forgets a signature that the other still accepts.
const CLOCK_TOLERANCE_MS = 60_000;
const COUNTER_TTL_MS = 120_000;
const READY_TIMEOUT_MS = 10_000;
// The share of the deadline that is left to the reply.
const REPLY_SHARE = 0.1;

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
  waitReplicas: optional(wholeNumber),
  requireDurable: optional(aBoolean),
  logger: optional(aLogger),
};

/**
 * Shares used signatures and rate counters among processes through Redis: a single server, Sentinel or a cluster.
 * Takes a client of `redis` or `ioredis`. One script and one round trip a request, one hash slot a key. Fails closed: without
 * a reply in time no request is admitted, and none is recorded later. Redis must not evict: set `maxmemory-policy noeviction`.
 * Wire protocol §2.
 *
 * @throws ServerMiddlewareError `invalid_option`; from `admit`, `store_deadline`, `store_unavailable`, `store_not_durable`.
 */
export const redisStore = (client: RedisClient, options: RedisStoreOptions = {}): RedisStore => {
  assertOptions({ owner: 'redisStore', options, rules: RULES });
  const { deadlineMs = 500, maxPending = 10_000, prefix = 'cpg:', clock = Date.now } = options;
  const { waitReplicas = 0, requireDurable = false } = options;
  const connection = redisConnection(client);
  if (waitReplicas > 0)
    assertValue({ name: 'redisStore: the client', value: client, rule: aConfirmingClient });
  const durability = new Durability({
    client,
    inspect: () => inspectConnection(connection, { clock, waitReplicas }),
    logger: guardLogger(options.logger),
  });
  const onLost = () => {
    runner.forgetClocks();
    durability.forget();
  };
  const runner = new AdmitRunner({ connection, waitReplicas, onLost });
  const watch = new ConnectionWatch({ connection, deadlineMs, onReset: onLost });
  const process = randomBytes(9).toString('base64url');
  const runLimited = limitPending('Redis', maxPending);
  let claims = 0;

  const prepareCall = ({ keyId, signature, usedUntil, minute, limit, route }: AdmissionRequest) => {
    claims += 1;
    const claim = `${process}.${claims}`;
    const ttlMs = Math.max((usedUntil + 1) * 1000 - readClock(clock), 0) + CLOCK_TOLERANCE_MS;
    const base = `${prefix}{${keyId}}`;
    const counters = [
      `${base}:m:${minute}`,
      ...(route === undefined ? [] : [`${base}:m:${minute}:${route.id}`]),
    ];
    const limits = route === undefined ? [limit] : [limit, route.limit];
    return (deadline: number) => ({
      keys: [`${base}:s:${signature}`, ...counters],
      args: [claim, ...[Math.ceil(ttlMs), COUNTER_TTL_MS, deadline, ...limits].map(String)],
    });
  };

  const decide = async (request: AdmissionRequest, timeoutMs: number): Promise<Admission> => {
    const rejectedAt = performance.now() + timeoutMs;
    try {
      if (requireDurable) await durability.assertSafe();
      const { keyId } = request;
      return await runner.run({
        keyId,
        createCall: prepareCall(request),
        rejectedAt,
        marginMs: timeoutMs * REPLY_SHARE,
      });
    } catch (error) {
      throw redisFailure(error, { what: 'Redis', rights: MINIMAL_RIGHTS });
    } finally {
      // Not before the first admission, whose round trip it would share.
      durability.refresh();
    }
  };

  return {
    countsRoutes: true,
    admit: async (request) => {
      const timeoutMs = Math.min(deadlineMs, request.timeoutMs ?? deadlineMs);
      const startedAt = performance.now();
      try {
        const call = () => runLimited(() => decide(request, timeoutMs));
        return await callStore({ name: 'Redis', timeoutMs, call });
      } catch (error) {
        if (performance.now() - startedAt >= timeoutMs) watch.missedDeadline();
        throw error;
      }
    },
    ready: async () => {
      const call = () => (requireDurable ? durability.assertSafe() : durability.inspect());
      await callStore({ name: 'Redis', timeoutMs: READY_TIMEOUT_MS, call: call as () => Promise<unknown> });
    },
    inspect: () => durability.inspect(),
    sendCommand: async <Reply>(...command: string[]) => {
      const timer = setTimeout(() => watch.missedDeadline(), deadlineMs);
      try {
        return (await connection.command(...command)) as Reply;
      } finally {
        clearTimeout(timer);
      }
    },
  };
};

const aConfirmingClient = (value: unknown): string | undefined =>
  canConfirm(value as RedisClient)
    ? undefined
    : 'have a method to send several commands at once (multi or pipeline), which waitReplicas needs';
