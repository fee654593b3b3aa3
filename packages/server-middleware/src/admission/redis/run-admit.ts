import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { ServerMiddlewareError } from '../../errors.ts';
import type { Admission } from '../admission-store.ts';
import { ADMIT_SCRIPT, readAdmitReply } from './admit-script.ts';
import { ConfirmedScripts } from './confirmed-scripts.ts';
import type { RedisConnection, ScriptCall } from './redis-client.ts';
import { RedisClock } from './redis-clock.ts';
import { isLostConnection } from './redis-error.ts';

const POLL_MS = 20;
const MAX_LOST = 1;
// The offset of the clock is unknown at first, and wrong after a failover.
const MAX_LATE = 2;
// Keys of which the clock is known, in a cluster.
const MAX_CLOCKS = 10_000;

export interface AdmitCall {
  readonly keyId: string;
  /** Makes the script call, with the deadline in milliseconds of the clock of Redis. */
  readonly createCall: (deadline: number) => ScriptCall;
  /** When the request is rejected with 503, in milliseconds of `performance.now()`. */
  readonly rejectedAt: number;
  /** How long before that Redis must have finished, for its reply to arrive in time. */
  readonly marginMs: number;
}

interface AdmitRunnerOptions {
  readonly connection: RedisConnection;
  readonly waitReplicas: number;
  /** Called when a connection was lost; another server may respond next. */
  readonly onLost: () => void;
}

/**
 * Runs the admit script before its deadline. Commands are never queued while reconnecting. A call whose connection was lost
 * before the reply is sent again, once; its claim shows whether the first attempt was recorded. A script that was late
 * recorded nothing, so it is sent again with the clock learnt from its reply. Any other reply is final.
 */
export class AdmitRunner {
  readonly #options: AdmitRunnerOptions;
  readonly #confirmed: ConfirmedScripts;
  readonly #clock = new RedisClock();
  // In a cluster each master has a clock; the keys of one key id are on one master.
  readonly #clocks = new LRUCache<string, RedisClock>({ max: MAX_CLOCKS });

  constructor(options: AdmitRunnerOptions) {
    this.#options = options;
    const { connection, waitReplicas: replicas } = options;
    this.#confirmed = new ConfirmedScripts({ connection, script: ADMIT_SCRIPT, replicas });
  }

  /** Another server may respond next, with another clock. */
  forgetClocks(): void {
    this.#clock.forget();
    this.#clocks.clear();
  }

  async run(admit: AdmitCall): Promise<Admission> {
    let lost = 0;
    let late = 0;
    for (;;) {
      await this.#untilReady(admit);
      try {
        const decision = await this.#runOnce(admit);
        if (decision !== 'late') return decision;
        late += 1;
        if (late > MAX_LATE || isPast(admit)) throw lateError();
      } catch (error) {
        if (!isLostConnection(error)) throw error;
        this.#options.onLost();
        lost += 1;
        if (lost > MAX_LOST || isPast(admit)) throw error;
      }
    }
  }

  async #untilReady(admit: AdmitCall): Promise<void> {
    while (!this.#options.connection.isReady()) {
      if (isPast(admit)) throw new ServerMiddlewareError('store_unavailable', 'Redis is not connected.');
      await delay(POLL_MS);
    }
  }

  async #runOnce(admit: AdmitCall): Promise<Admission | 'late'> {
    const { keyId, createCall, rejectedAt, marginMs } = admit;
    const { connection, waitReplicas } = this.#options;
    const clock = this.#clockFor(keyId);
    const sentAt = performance.now();
    const deadline = clock.toRedisMs(rejectedAt - marginMs);
    const call = createCall(deadline);
    // Without the clock the script records nothing that a replica could confirm.
    const isConfirmed = waitReplicas > 0 && deadline > 0;
    const { reply, confirmedBy } = isConfirmed
      ? await this.#confirmed.run({
          route: connection.isCluster ? keyId : '',
          call,
          getRemainingMs: () => rejectedAt - marginMs - performance.now(),
        })
      : { reply: await connection.run(ADMIT_SCRIPT, call), confirmedBy: 0 };
    const { decision, redisMs } = readAdmitReply(reply);
    clock.learn(redisMs, { sentAt, receivedAt: performance.now() });
    if (decision !== 'admitted' || confirmedBy >= waitReplicas) return decision;
    if (isConfirmed) throw unconfirmedError(confirmedBy, waitReplicas);
    // An earlier attempt, whose reply was lost, recorded it.
    return 'late';
  }

  #clockFor(keyId: string): RedisClock {
    if (!this.#options.connection.isCluster) return this.#clock;
    const known = this.#clocks.get(keyId) ?? new RedisClock();
    this.#clocks.set(keyId, known);
    return known;
  }
}

const isPast = ({ rejectedAt }: AdmitCall): boolean => performance.now() > rejectedAt;

const lateError = (): ServerMiddlewareError =>
  new ServerMiddlewareError(
    'store_deadline',
    'Redis ran the admit script after its deadline, so it recorded nothing. Find out what delays Redis (SLOWLOG, LATENCY DOCTOR).',
  );

const unconfirmedError = (confirmedBy: number, wanted: number): ServerMiddlewareError =>
  new ServerMiddlewareError(
    'store_unavailable',
    `${confirmedBy} replicas confirmed an admission in time, but waitReplicas is ${wanted}. The request was rejected, although its signature may be used up. Find out why replicas are missing (INFO replication).`,
  );
