import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { getRejection, ServerMiddlewareError } from '../errors.ts';
import { describeThrown, guardLogger, type Logger } from '../user-code.ts';
import { formatRejection, type HttpResponse } from './responses.ts';

const findRejection = (error: unknown): Rejection => {
  try {
    return getRejection(error);
  } catch {
    // A thrown value may throw again when its properties are read.
    return REJECTIONS.internal_server_error;
  }
};

const UNAVAILABLE_EVERY_MS = 1_000;

/**
 * Logs server errors without flooding the log: a wrong set-up once, a store that is down once a second, any other error
 * every time.
 */
export class ErrorLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #quietUntil = new Map<string, number>();

  constructor(logger?: Logger, now = () => performance.now()) {
    this.#logger = guardLogger(logger);
    this.#now = now;
  }

  /** Returns the response to a thrown value, and logs the value if the status is 5xx. */
  formatError(error: unknown): HttpResponse {
    const rejection = findRejection(error);
    if (rejection.status >= 500) this.log(error);
    const response = formatRejection(rejection);
    return ServerMiddlewareError.is(error) ? { ...response, errorCode: error.code } : response;
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
