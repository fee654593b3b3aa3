import { ServerMiddlewareError } from '../../errors.ts';
import type { RedisConnection, RedisScript, ScriptCall } from './redis-client.ts';

// Redis looks for timeouts ten times a second, so WAIT may take that much longer.
const TIMER_MS = 100;
// Of the time that remains; the rest is for the reply, which says how many replicas have confirmed.
const MAX_WAIT_SHARE = 0.75;

/** A script call that waits for its batch. */
interface WaitingCall {
  readonly call: ScriptCall;
  readonly getRemainingMs: () => number;
  readonly resolve: (reply: ConfirmedReply) => void;
  readonly reject: (error: unknown) => void;
}

interface ConfirmedReply {
  readonly reply: unknown;
  /** How many replicas have what the script wrote. */
  readonly confirmedBy: number;
}

interface ScriptToConfirm {
  /** Calls with the same route share a connection: the key id in a cluster, else any constant. */
  readonly route: string;
  readonly call: ScriptCall;
  /** Milliseconds until the deadline of the request. */
  readonly getRemainingMs: () => number;
}

interface ConfirmedScriptsOptions {
  readonly connection: RedisConnection;
  readonly script: RedisScript;
  readonly replicas: number;
}

/**
 * Runs scripts and waits until replicas have confirmed their writes. WAIT blocks its connection, and counts the writes of
 * its own connection only. So while one batch is being confirmed the next one gathers here: each batch is one pipeline, whose
 * commands are never split over two connections, with a single WAIT at its end.
 */
export class ConfirmedScripts {
  readonly #options: ConfirmedScriptsOptions;
  readonly #gathering = new Map<string, WaitingCall[]>();

  constructor(options: ConfirmedScriptsOptions) {
    this.#options = options;
  }

  run({ route, call, getRemainingMs }: ScriptToConfirm): Promise<ConfirmedReply> {
    return new Promise((resolve, reject) => {
      const waiting = { call, getRemainingMs, resolve, reject };
      const gathering = this.#gathering.get(route);
      if (gathering !== undefined) gathering.push(waiting);
      else void this.#runBatches(route, [waiting]);
    });
  }

  async #runBatches(route: string, first: WaitingCall[]): Promise<void> {
    for (let batch = first; batch.length > 0; batch = this.#gathering.get(route) as WaitingCall[]) {
      this.#gathering.set(route, []);
      await this.#runBatch(batch.filter(isInTime));
    }
    this.#gathering.delete(route);
  }

  async #runBatch(batch: readonly WaitingCall[]): Promise<void> {
    if (batch.length === 0) return;
    const { connection, script, replicas } = this.#options;
    const remainingMs = Math.max(...batch.map(({ getRemainingMs }) => getRemainingMs()));
    const timeoutMs = Math.ceil(Math.max(remainingMs * MAX_WAIT_SHARE - TIMER_MS, remainingMs / 2));
    try {
      const { replies, confirmedBy } = await connection.runConfirmed(
        script,
        batch.map(({ call }) => call),
        // WAIT takes 0 for ever.
        { replicas, timeoutMs: Math.max(timeoutMs, 1) },
      );
      for (const [index, { resolve }] of batch.entries()) resolve({ reply: replies[index], confirmedBy });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** A call that has waited past its deadline is not sent; its request was already rejected. */
const isInTime = ({ getRemainingMs, reject }: WaitingCall): boolean => {
  if (getRemainingMs() > 0) return true;
  reject(
    new ServerMiddlewareError('store_deadline', 'Redis was busy with earlier requests until the deadline.'),
  );
  return false;
};
