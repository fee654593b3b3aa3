import { createHash, randomBytes } from 'node:crypto';
import { ServerMiddlewareError } from '../../errors.ts';
import {
  aFunction,
  aLogger,
  assertOptions,
  assertValue,
  type OptionRules,
  optional,
  positiveInteger,
  TIMER_MARGIN_MS,
  timerMs,
} from '../../options.ts';
import { callStore, guardLogger, type Logger, readClock } from '../../user-code.ts';
import {
  type Admission,
  type AdmissionRequest,
  type AdmissionStore,
  limitPending,
} from '../admission-store.ts';
import {
  aPool,
  PostgresConnections,
  type PostgresPool,
  type PostgresRow,
  type PostgresStatement,
} from './postgres-client.ts';
import { isConflict, isLostConnection, postgresFailure } from './postgres-error.ts';
import { aSchemaName, DEFAULT_SCHEMA } from './postgres-schema.ts';

export interface PostgresStoreOptions {
  /** Milliseconds for one admission, retries included; then 503. @default 500 */
  readonly deadlineMs?: number | undefined;
  /** Maximum of pending admissions; while PostgreSQL hangs, more are rejected with 503. @default 10000 */
  readonly maxPending?: number | undefined;
  /** The schema of the tables and functions, as given to `createPostgresSchema`. @default "cpg" */
  readonly schema?: string | undefined;
  /** Unix milliseconds; pass the clock of `cpgAuth`. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** Logs that expired signatures could not be deleted; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const RULES: OptionRules<PostgresStoreOptions> = {
  deadlineMs: optional(timerMs),
  maxPending: optional(positiveInteger),
  schema: optional(aSchemaName),
  clock: optional(aFunction),
  logger: optional(aLogger),
};

interface DecisionRow extends PostgresRow {
  readonly decision: unknown;
}

/**
 * Shares used signatures and rate counters among processes through PostgreSQL 14 or newer, and keeps them over a failover to
 * a synchronous standby. Takes a pool of `pg`, and the tables of `createPostgresSchema`. One statement and one round trip a
 * request. Fails closed: without a reply in time no request is admitted, and what runs later records nothing. Wire protocol
 * §2.
 *
 * @throws ServerMiddlewareError `invalid_option`; from `admit`, `store_deadline`, `store_unavailable`.
 */
export const postgresStore = (pool: PostgresPool, options: PostgresStoreOptions = {}): AdmissionStore => {
  assertValue({ name: 'postgresStore: pool', value: pool, rule: aPool });
  assertOptions({ owner: 'postgresStore', options, rules: RULES });
  const { deadlineMs = 500, maxPending = 10_000, schema = DEFAULT_SCHEMA, clock = Date.now } = options;
  const connections = new PostgresConnections(pool);
  const expire = expireEveryMinute(connections, { schema, clock, logger: guardLogger(options.logger) });
  const name = `cpg_admit_${schema}`;
  const text = `SELECT decision, server_ms FROM ${schema}.admit($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const runLimited = limitPending('PostgreSQL', maxPending);
  let claim = randomBytes(8).readBigInt64BE();

  const decide = async (
    { keyId, signature, usedUntil, minute, limit, route }: AdmissionRequest,
    timeoutMs: number,
  ): Promise<Admission> => {
    claim = BigInt.asIntN(64, claim + 1n);
    // After the timer that answers 503, nothing must be recorded.
    const deadlineAt = performance.now() + timeoutMs - TIMER_MARGIN_MS;
    const id = getId(keyId, signature);
    const parameters = [
      id,
      keyId,
      usedUntil,
      minute,
      limit,
      route?.id ?? null,
      route?.limit ?? null,
      String(claim),
    ];
    const values: PostgresStatement['values'] = (toServerMs) => [...parameters, toServerMs(deadlineAt)];
    try {
      return await runUntilDecided(
        () => connections.run<DecisionRow>({ name, text, values }, deadlineAt),
        () => performance.now() >= deadlineAt,
      );
    } catch (error) {
      throw postgresFailure(error);
    }
  };
  return {
    countsRoutes: true,
    admit: (request) => {
      const timeoutMs = Math.min(deadlineMs, request.timeoutMs ?? deadlineMs);
      const call = async () => {
        const decision = await runLimited(() => decide(request, timeoutMs));
        expire();
        return decision;
      };
      return callStore({ name: 'PostgreSQL', timeoutMs, call });
    },
  };
};

/** What is stored of a signature: no log or backup of the database holds a signature that can be used. */
const getId = (keyId: string, signature: string): Buffer =>
  createHash('sha256').update(`${keyId}\n${signature}`).digest();

/**
 * Runs the statement until it has decided. One whose connection was lost before the reply is run again, once; its claim shows
 * whether the first attempt was recorded. One that conflicted with a concurrent one was rolled back, and is run until late.
 */
const runUntilDecided = async (
  run: () => Promise<DecisionRow>,
  isLate: () => boolean,
): Promise<Admission> => {
  for (let lost = 0; ; ) {
    try {
      const { decision } = await run();
      if (isAdmission(decision)) return decision;
      if (!UNDECIDED.has(decision)) {
        throw new ServerMiddlewareError(
          'store_unavailable',
          `The function admit returned ${JSON.stringify(decision)}, which is no decision.`,
        );
      }
    } catch (error) {
      if (isLostConnection(error)) lost += 1;
      else if (!isConflict(error)) throw error;
      if (lost > MAX_LOST && !isLate()) throw error;
    }
    if (isLate()) throw new ServerMiddlewareError('store_deadline', 'PostgreSQL did not decide in time.');
  }
};

const MAX_LOST = 1;
const DECISIONS: ReadonlySet<unknown> = new Set<Admission>(['admitted', 'replayed', 'rate_limited']);
// A shard of the counter was used up while it was locked; the deadline had passed on the server.
const UNDECIDED: ReadonlySet<unknown> = new Set(['busy', 'late']);
const isAdmission = (decision: unknown): decision is Admission => DECISIONS.has(decision);

const EXPIRE_EVERY_MS = 60_000;
const EXPIRE_DEADLINE_MS = 30_000;

interface ExpiryOptions {
  readonly schema: string;
  readonly clock: () => number;
  readonly logger: Logger;
}

/** Returns a function that empties expired partitions in the background, at most once a minute. */
const expireEveryMinute = (connections: PostgresConnections, options: ExpiryOptions): (() => void) => {
  const { schema, clock, logger } = options;
  let dueAt = performance.now();
  const run = async () => {
    const now = Math.floor(readClock(clock) / 1000);
    // The check for signatures that still count must see the latest ones, whatever the default isolation is.
    const text = `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${schema}.expire(${now}); COMMIT`;
    await connections.runScript(text, performance.now() + EXPIRE_DEADLINE_MS);
  };
  return () => {
    if (performance.now() < dueAt) return;
    dueAt = performance.now() + EXPIRE_EVERY_MS;
    run().catch((error: unknown) => {
      const err = postgresFailure(error);
      logger.error(
        { err, code: err.code, help: err.help },
        `Expired signatures could not be deleted, and will be later. ${err.message}`,
      );
    });
  };
};
