import type { ErrorRequestHandler } from 'express';
import { FaultLog } from '../fault-log.ts';
import type { Logger } from '../logger.ts';
import { aLogger, assertOptions, type OptionRules, optional } from '../options.ts';
import { answerError } from './answer-error.ts';

interface ErrorHandlerOptions {
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
