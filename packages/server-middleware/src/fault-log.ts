import type { Logger } from './logger.ts';
import { ServerMiddlewareError } from './server-middleware-error.ts';
import { describeThrown, guardLogger } from './user-code.ts';

const UNAVAILABLE_EVERY_MS = 1_000;

/**
 * Logs faults of the server by name, without drowning the log: a wrong set-up once, a store that is down once a second, any
 * other error every time.
 */
export class FaultLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #quietUntil = new Map<string, number>();

  constructor(logger?: Logger, now = () => performance.now()) {
    this.#logger = guardLogger(logger);
    this.#now = now;
  }

  log(error: unknown): void {
    try {
      this.#log(error);
    } catch {
      // A thrown value may throw again when its properties are read.
      this.#logger.error({}, 'A handler threw a value that cannot be read.');
    }
  }

  #log(error: unknown): void {
    if (!ServerMiddlewareError.is(error)) {
      this.#logger.error(
        { err: error },
        error instanceof Error ? describeThrown(error) : 'A handler threw no Error.',
      );
      return;
    }
    const { code, help, status } = error;
    const now = this.#now();
    if (now < (this.#quietUntil.get(code) ?? now)) return;
    this.#quietUntil.set(code, status === 503 ? now + UNAVAILABLE_EVERY_MS : Number.POSITIVE_INFINITY);
    this.#logger.error({ err: error, code, help }, error.message);
  }
}
