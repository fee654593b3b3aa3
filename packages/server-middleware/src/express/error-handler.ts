import type { ServerResponse } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import type { ErrorRequestHandler } from 'express';
import { getRejection, ServerMiddlewareError } from '../errors.ts';
import { sendRejection } from '../http/responses.ts';
import { aLogger, assertOptions, type OptionRules, optional } from '../options.ts';
import { describeThrown, guardLogger, type Logger } from '../user-code.ts';

export interface ErrorHandlerOptions {
  /** Where errors of the server are logged; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const RULES: OptionRules<ErrorHandlerOptions> = { logger: optional(aLogger) };

/**
 * Answers every error of the routes before it in the envelope: a `RejectionError` as itself, an error whose `status` is 503
 * as 503, all else as 500 without a word of it. Mount it last.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const errorHandler = (options: ErrorHandlerOptions = {}): ErrorRequestHandler => {
  assertOptions({ owner: 'errorHandler', options, rules: RULES });
  const faults = new FaultLog(options.logger);
  // biome-ignore lint/complexity/useMaxParams: Express tells error handlers by their four parameters.
  return (error, _request, response, next) => {
    // The response has already started; Express closes the connection.
    if (response.headersSent) next(error);
    else answerError(error, response, faults);
  };
};

/** Answers a thrown value in the envelope; a fault of the server (5xx) goes to the log. */
export const answerError = (error: unknown, response: ServerResponse, faults: FaultLog): void => {
  const rejection = findRejection(error);
  if (rejection.status >= 500) faults.log(error);
  sendRejection(response, rejection);
};

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
