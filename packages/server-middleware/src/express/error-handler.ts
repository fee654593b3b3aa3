import type { ServerResponse } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import type { ErrorRequestHandler } from 'express';
import { getRejection, ServerMiddlewareError } from '../errors.ts';
import { sendRejection } from '../http/responses.ts';
import { aLogger, assertOptions, type OptionRules, optional } from '../options.ts';
import { describeThrown, guardLogger, type Logger } from '../user-code.ts';

export interface ErrorHandlerOptions {
  /** Logs server errors; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const RULES: OptionRules<ErrorHandlerOptions> = { logger: optional(aLogger) };

/**
 * Responds to every error of the routes before it, in the envelope: with the rejection of a `RejectionError`, 503 for an
 * error with `status` 503, else 500 without the message. Mount it last.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const errorHandler = (options: ErrorHandlerOptions = {}): ErrorRequestHandler => {
  assertOptions({ owner: 'errorHandler', options, rules: RULES });
  const errorLog = new ErrorLog(options.logger);
  // biome-ignore lint/complexity/useMaxParams: Express recognises error handlers by their four parameters.
  return (error, _request, response, next) => {
    // The response has already started; Express closes the connection.
    if (response.headersSent) next(error);
    else sendError(error, response, errorLog);
  };
};

/** Sends the rejection for a thrown value, and logs it if the status is 5xx. */
export const sendError = (error: unknown, response: ServerResponse, errorLog: ErrorLog): void => {
  const rejection = findRejection(error);
  if (rejection.status >= 500) errorLog.log(error);
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
