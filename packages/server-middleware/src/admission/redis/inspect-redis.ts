import { aFunction, assertOptions, type OptionRules, optional, wholeNumber } from '../../options.ts';
import { readClock } from '../../user-code.ts';
import { type RedisClient, type RedisConnection, redisConnection } from './redis-client.ts';
import { isErrorReply, redisFailure } from './redis-error.ts';

/** One fact about Redis that matters for replay protection; the shape of a finding of `doctor`. */
export interface RedisFinding {
  readonly check: string;
  /** `failure`: used signatures are being forgotten; `warning`: they can be, after a crash or failover. */
  readonly status: 'ok' | 'warning' | 'failure';
  /** What was found and, unless it is right, how to fix it. */
  readonly detail: string;
}

export interface InspectRedisOptions {
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** As of `redisStore`. @default 0 */
  readonly waitReplicas?: number | undefined;
}

const RULES: OptionRules<InspectRedisOptions> = {
  clock: optional(aFunction),
  waitReplicas: optional(wholeNumber),
};

/** The rights that the inspection needs, beyond those of the admit script; documentation, "Redis". */
export const INSPECTION_RIGHTS = '+info +config|get';

// The store keeps signatures a minute longer than the window, which allows for that much clock skew.
const MAX_SKEW_MS = 60_000;
const SUSPECT_SKEW_MS = 5_000;

/**
 * Checks how Redis is configured for replay protection: eviction, persistence, clock, role and replicas; of a cluster, each
 * master. Sends `INFO`, `TIME` and `CONFIG GET appendfsync`; without a right to one of them the finding says so.
 *
 * @throws ServerMiddlewareError `invalid_option`; `store_unavailable` if Redis does not respond.
 */
export const inspectRedis = async (
  client: RedisClient,
  options: InspectRedisOptions = {},
): Promise<readonly RedisFinding[]> => {
  assertOptions({ owner: 'inspectRedis', options, rules: RULES });
  const { clock = Date.now, waitReplicas = 0 } = options;
  return inspectConnection(redisConnection(client), { clock, waitReplicas });
};

interface Expectations {
  readonly clock: () => number;
  readonly waitReplicas: number;
}

/** {@link inspectRedis} of a wrapped client. */
export const inspectConnection = async (
  connection: RedisConnection,
  expectations: Expectations,
): Promise<readonly RedisFinding[]> => {
  try {
    const settings = { ...expectations, isPartOfCluster: connection.isCluster };
    const findings = await Promise.all(connection.nodes().map((node) => inspectNode(node, settings)));
    return findings.flat();
  } catch (error) {
    throw redisFailure(error, { what: 'Redis', rights: INSPECTION_RIGHTS });
  }
};

const inspectNode = async (
  node: RedisConnection,
  { clock, waitReplicas, isPartOfCluster }: Expectations & { readonly isPartOfCluster: boolean },
): Promise<RedisFinding[]> => {
  const [info, time, fsync] = await Promise.all([
    ask(node, 'INFO').then(parseInfo),
    measureSkew(node, clock),
    ask(node, 'CONFIG', 'GET', 'appendfsync').then(readSetting),
  ]);
  const where = isPartOfCluster ? ` of the master on port ${info?.get('tcp_port')}` : '';
  const findings = [
    ...(info === undefined
      ? [warning('configuration', 'is unknown: the Redis user may not run INFO. Fix: grant +info')]
      : [...checkEviction(info), checkPersistence(info, fsync), ...checkReplication(info, waitReplicas)]),
    checkClock(time),
  ];
  return findings.map((finding) => ({ ...finding, check: `redis ${finding.check}${where}` }));
};

type Info = ReadonlyMap<string, string>;

const ok = (check: string, detail: string): RedisFinding => ({ check, status: 'ok', detail });
const warning = (check: string, detail: string): RedisFinding => ({ check, status: 'warning', detail });
const failure = (check: string, detail: string): RedisFinding => ({ check, status: 'failure', detail });

/** The reply to a command; `undefined` for an error reply, such as a missing right or a command that the host removed. */
const ask = async (node: RedisConnection, ...command: string[]): Promise<unknown> => {
  try {
    return await node.command(...command);
  } catch (error) {
    if (isErrorReply(error)) return undefined;
    throw error;
  }
};

const parseInfo = (reply: unknown): Info | undefined =>
  reply === undefined
    ? undefined
    : new Map(
        String(reply)
          .split('\r\n')
          .map((line): [string, string] => {
            const colon = line.indexOf(':');
            return [line.slice(0, colon), line.slice(colon + 1)];
          }),
      );

/** The value in a reply to CONFIG GET: pairs in an array, or an object. */
const readSetting = (reply: unknown): string | undefined => {
  if (reply === undefined || reply === null) return undefined;
  const value = Array.isArray(reply) ? reply[1] : Object.values(reply)[0];
  return value === undefined ? undefined : String(value);
};

/** Milliseconds by which the clock of Redis is ahead of ours; in doubt by the round trip, the smaller number. */
const measureSkew = async (node: RedisConnection, clock: () => number): Promise<number | undefined> => {
  const before = readClock(clock);
  const reply = await ask(node, 'TIME');
  const after = readClock(clock);
  if (!Array.isArray(reply)) return undefined;
  const redisMs = Number(reply[0]) * 1000 + Number(reply[1]) / 1000;
  if (redisMs > after) return redisMs - after;
  return redisMs < before ? redisMs - before : 0;
};

const checkEviction = (info: Info): RedisFinding[] => {
  const policy = info.get('maxmemory_policy');
  if (policy === 'noeviction') return [ok('eviction', 'maxmemory-policy is noeviction')];
  const fix = 'Fix: maxmemory-policy noeviction, with memory for all live signatures';
  return info.get('maxmemory') === '0'
    ? [warning('eviction', `maxmemory-policy is ${policy}, harmless only while maxmemory is 0. ${fix}`)]
    : [failure('eviction', `maxmemory-policy is ${policy}: an evicted signature can be replayed. ${fix}`)];
};

const checkPersistence = (info: Info, fsync: string | undefined): RedisFinding => {
  const fix = 'Fix: appendonly yes, appendfsync always';
  if (info.get('aof_enabled') !== '1') {
    return warning(
      'persistence',
      `appendonly is off: after a restart used signatures can be replayed. ${fix}`,
    );
  }
  if (fsync === 'always') return ok('persistence', 'appendonly is on, and appendfsync is always');
  return fsync === undefined
    ? warning(
        'persistence',
        'appendfsync is unknown: the Redis user may not run CONFIG GET. Fix: grant +config|get, and set appendfsync always',
      )
    : warning(
        'persistence',
        `appendfsync is ${fsync}: after a crash the signatures of the last moments can be replayed. ${fix}`,
      );
};

const checkReplication = (info: Info, waitReplicas: number): RedisFinding[] => {
  const replicas = Number(info.get('connected_slaves'));
  return [
    info.get('role') === 'master'
      ? ok('role', 'is a master')
      : failure('role', 'is a replica, which admits nothing. Fix: connect to the master'),
    ...(waitReplicas === 0
      ? []
      : [
          replicas >= waitReplicas
            ? ok('replicas', `${replicas} are connected; ${waitReplicas} must confirm`)
            : failure(
                'replicas',
                `${replicas} are connected, but ${waitReplicas} must confirm each admission`,
              ),
        ]),
  ];
};

const checkClock = (skewMs: number | undefined): RedisFinding => {
  if (skewMs === undefined)
    return warning('clock', 'is unknown: the Redis user may not run TIME. Fix: grant +time');
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const detail = `is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} this process's`;
  const risk =
    'after a failover or restart signatures can expire early and be replayed. Fix: run NTP on both';
  if (Math.abs(skewMs) <= SUSPECT_SKEW_MS) return ok('clock', detail);
  return Math.abs(skewMs) <= MAX_SKEW_MS
    ? warning('clock', `${detail}: ${risk}`)
    : failure('clock', `${detail}: ${risk}`);
};
