import { setTimeout as delay } from 'node:timers/promises';
import type { RedisConnection } from './redis-client.ts';
import { isErrorReply } from './redis-error.ts';

/** The deadlines in a row without a reply, after which a connection is given up. */
const DEADLINES = 3;
const MIN_SILENCE_MS = 1_000;
// So that a connection that is slow to open is not given up again and again.
const MIN_RESET_INTERVAL_MS = 3_000;
const POLL_MS = 50;

interface WatchOptions {
  readonly connection: RedisConnection;
  /** Milliseconds for one admission. */
  readonly deadlineMs: number;
  readonly onReset: () => void;
}

/**
 * Gives up connections that no longer respond. A connection can stay open and swallow everything: a firewall that forgot it,
 * a host that vanished, a hung master whose Sentinel has elected another. Neither client library notices. After a missed
 * deadline the connection gets a PING; without a reply for two more deadlines (at least a second in all), it is replaced.
 */
export class ConnectionWatch {
  readonly #options: WatchOptions;
  readonly #patienceMs: number;
  #resetAt = Number.NEGATIVE_INFINITY;
  #isProbing = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { deadlineMs } = options;
    this.#patienceMs = Math.max((DEADLINES - 1) * deadlineMs, MIN_SILENCE_MS - deadlineMs);
  }

  /** To be called when an admission missed its deadline. */
  missedDeadline(): void {
    if (this.#isProbing || performance.now() - this.#resetAt < MIN_RESET_INTERVAL_MS) return;
    this.#isProbing = true;
    const finish = () => {
      this.#isProbing = false;
    };
    Promise.all(this.#options.connection.nodes().map((node) => this.#probe(node))).then(finish, finish);
  }

  async #probe(node: RedisConnection): Promise<void> {
    const until = performance.now() + this.#patienceMs;
    let isResponding = false;
    while (!isResponding && performance.now() < until) {
      const pinged = ping(node).then((hasReplied) => {
        isResponding ||= hasReplied;
      });
      await Promise.race([pinged, pause(until - performance.now())]);
      // Also lets a process that was stalled read the replies that it has received.
      if (!isResponding) await pause(POLL_MS);
    }
    if (isResponding) return;
    node.reset();
    this.#resetAt = performance.now();
    this.#options.onReset();
  }
}

const pause = (ms: number): Promise<void> => delay(ms, undefined, { ref: false });

/** Whether there is a reply; an error reply is one. */
const ping = async (node: RedisConnection): Promise<boolean> => {
  try {
    await node.command('PING');
    return true;
  } catch (error) {
    return isErrorReply(error);
  }
};
