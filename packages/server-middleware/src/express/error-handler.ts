import type { ErrorRequestHandler } from 'express';
import { FaultLog } from '../fault-log.ts';
import type { Logger } from '../logger.ts';
import { answerError } from './answer-error.ts';

/**
 * Answers every error of the routes before it in the envelope: a `RejectionError` as itself, an error whose `status` is 503
 * as 503, all else as 500 without a word of it. Mount it last.
 */
export const errorHandler = (options: { readonly logger?: Logger | undefined } = {}): ErrorRequestHandler => {
  const faults = new FaultLog(options.logger);
  // biome-ignore lint/complexity/useMaxParams: Express tells error handlers by their four parameters.
  return (error, _request, response, next) => {
    // Half an answer cannot be mended; Express closes the connection.
    if (response.headersSent) next(error);
    else answerError(error, response, faults);
  };
};
