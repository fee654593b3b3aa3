import type { ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import { ErrorLog } from '../http/error-log.ts';
import { sendResponse } from '../http/responses.ts';
import { aLogger, assertOptions, type OptionRules, optional } from '../options.ts';
import type { Logger } from '../user-code.ts';
import { recordExpress } from './observe-responses.ts';

export interface ErrorHandlerOptions {
  /** Logs server errors; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

const RULES: OptionRules<ErrorHandlerOptions> = { logger: optional(aLogger) };

/**
 * Responds to every error of the routes before it, in the envelope: with the rejection of a `RejectionError`; with status,
 * message and headers of a client error (`expose: true` and a status of 4xx, as `http-errors` makes them), where 404, 405 and
 * 413 have the text of the protocol; with 503 for an error with `status` 503; else with 500, without the message. Mount it
 * last.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const errorHandler = (options: ErrorHandlerOptions = {}): ErrorRequestHandler => {
  assertOptions({ owner: 'errorHandler', options, rules: RULES });
  const errorLog = new ErrorLog(options.logger);
  // biome-ignore lint/complexity/useMaxParams: Express recognises error handlers by their four parameters.
  return function errorHandler(error, request, response, next) {
    recordExpress(request, response);
    // The response has already started; Express closes the connection.
    if (response.headersSent) next(error);
    else sendError(error, response, errorLog);
  };
};

/** Sends the rejection for a thrown value, and logs it if the status is 5xx. */
export const sendError = (error: unknown, response: ServerResponse, errorLog: ErrorLog): void =>
  sendResponse(response, errorLog.formatError(error));
